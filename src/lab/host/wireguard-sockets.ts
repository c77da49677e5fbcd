import { readdir, rm } from "node:fs/promises";
import { connect } from "node:net";

/** Where wireguard-go listens for wg(8) (golang.zx2c4.com/wireguard/ipc): one folder for all lab hosts, which share a file system. */
const FOLDER = "/var/run/wireguard";

/** A process that was killed leaves its socket behind; on a real machine it goes with /run. Only ours, and only where nobody listens. */
export async function removeDeadSockets(): Promise<void> {
  const names = (await readdir(FOLDER).catch((): string[] => [])).filter((name) => name.startsWith("spwg"));
  await Promise.all(
    names.map(async (name) => ((await isAnswered(`${FOLDER}/${name}`)) ? undefined : rm(`${FOLDER}/${name}`, { force: true }))),
  );
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
