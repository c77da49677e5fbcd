import type { RunResult } from "../../src/util/run.ts";
import { demand, type ClusterLab, type Container } from "./cluster-lab.ts";
import { until } from "./until.ts";

/** IP and ICMP headers of a ping (RFC 791, RFC 792). */
const PING_HEADER_BYTES = 28;

export interface Traffic {
  /** `to` serves, `from` connects; the answer is the peer's address as `to` sees it. */
  findPeerAddress(from: Container, to: Container): Promise<string>;
  /** Sends that many random bytes; the checksums at both ends. */
  transfer(from: Container, to: Container, bytes: number): Promise<{ sent: string; received: string }>;
  ping(from: Container, address: string): Promise<boolean>;
  /** One packet of exactly this size with "don't fragment". */
  pingSized(from: Container, address: string, packetBytes: number): Promise<boolean>;
}

const PORT = 9000;

export function createTraffic(cluster: ClusterLab): Traffic {
  const docker = (container: Container, ...argv: string[]) => cluster.exec(container.host, "docker", "exec", container.name, ...argv);
  const listening = (to: Container) =>
    until(
      async () => (await cluster.inside(to, "ss", "-Hltn", `sport = :${PORT}`)).stdout,
      (lines) => lines.includes(`:${PORT}`),
    );

  return {
    async findPeerAddress(from, to) {
      // the server runs netstat with the connection as its output: it tells the client who it takes it for
      const server = docker(to, "nc", "-l", "-p", String(PORT), "-e", "netstat", "-tn");
      await listening(to);
      const { stdout } = demand(await docker(from, "nc", to.address, String(PORT)));
      demand(await server);
      const [, local, peer] = new RegExp(`(\\S+):${PORT} +(\\S+):\\d+ +(?!LISTEN)`).exec(stdout) ?? [];
      if (local?.endsWith(to.address) !== true || peer === undefined) throw new Error(`no connection in ${stdout}`);
      return peer.replace("::ffff:", "");
    },
    async transfer(from, to, bytes) {
      // a pipe of its own as nc's input: at end of input it would end the connection
      const server = docker(to, "sh", "-c", `mkfifo /tmp/open && exec 3<>/tmp/open && nc -l -p ${PORT} <&3 | sha256sum; rm /tmp/open`);
      await listening(to);
      const sent = demand(
        await docker(
          from,
          "sh",
          "-c",
          `head -c ${bytes} /dev/urandom > /tmp/data && nc ${to.address} ${PORT} < /tmp/data && sha256sum < /tmp/data`,
        ),
      );
      return { sent: sent.stdout.trim(), received: demand(await server).stdout.trim() };
    },
    ping: (from, address) => tryThrice(() => docker(from, "ping", "-c", "1", "-W", "1", address)),
    pingSized: (from, address, packetBytes) =>
      tryThrice(() =>
        cluster.inside(from, "ping", "-c", "1", "-W", "1", "-M", "do", "-s", String(packetBytes - PING_HEADER_BYTES), address),
      ),
  };
}

/** A network that is right loses a packet too, once in a while. */
async function tryThrice(act: () => Promise<RunResult>): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) if ((await act()).exitCode === 0) return true;
  return false;
}
