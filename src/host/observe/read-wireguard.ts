import { access, readFile } from "node:fs/promises";
import { release } from "node:os";
import type { SnapshotLink, SnapshotWireguard, SnapshotWireguardPeer } from "../../model/snapshot.ts";
import { compareText } from "../../util/compare-text.ts";
import { run } from "../../util/run.ts";

/** REJECT_AFTER_TIME in seconds (WireGuard whitepaper, 6.1): keys older than that are used no more. */
const KEYS_LAST_S = 180;

/** Only devices with a name like ours are asked about; those of wireguard-go are tun devices. */
export async function readWireguard(links: readonly SnapshotLink[]): Promise<SnapshotLink[]> {
  return Promise.all(
    links.map(async (link) => {
      if ((link.kind !== "wireguard" && link.kind !== "tun") || !link.name.startsWith("spwg")) return link;
      const { stdout, exitCode } = await run(["wg", "show", link.name, "dump"]);
      return exitCode === 0 ? { ...link, wireguard: parseDump(stdout, Date.now() / 1000) } : link;
    }),
  );
}

/** wg(8), "show ... dump": a line of the device, then one a peer. The device's first column is its private key: it is dropped here. */
export function parseDump(text: string, nowS: number): SnapshotWireguard {
  const [own = "", ...rest] = text.split("\n").filter((line) => line !== "");
  const [, publicKey = "", port = "0"] = own.split("\t");
  return {
    port: Number(port),
    publicKey: orEmpty(publicKey),
    peers: rest.map((line) => toPeer(line.split("\t"), nowS)).sort((a, b) => compareText(a.publicKey, b.publicKey)),
  };
}

function toPeer(columns: readonly string[], nowS: number): SnapshotWireguardPeer {
  const [publicKey = "", , endpoint = "", allowedIps = "", handshakeS = "0", , , keepalive = "off"] = columns;
  return {
    publicKey,
    endpoint: orEmpty(endpoint),
    allowedIps: orEmpty(allowedIps)
      .split(",")
      .filter((prefix) => prefix !== "")
      .sort(),
    keepaliveS: keepalive === "off" ? 0 : Number(keepalive),
    isAlive: nowS - Number(handshakeS) < KEYS_LAST_S,
  };
}

const orEmpty = (word: string): string => (word === "(none)" ? "" : word);

/** Whether this kernel has WireGuard: built in or loaded, or a module that it loads when the first device is made. */
export async function hasKernelWireguard(): Promise<boolean> {
  const isLoaded = await access("/sys/module/wireguard").then(
    () => true,
    () => false,
  );
  if (isLoaded) return true;
  const folder = `/lib/modules/${release()}`;
  const lists = ["modules.builtin", "modules.dep"].map((name) => readFile(`${folder}/${name}`, "utf8").catch(() => ""));
  return (await Promise.all(lists)).some((list) => /^\S*\/wireguard\.ko/m.test(list));
}
