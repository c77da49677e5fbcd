import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostEnvironment } from "../../src/lab/host/host-environment.ts";
import { CLEAN_ENV } from "../../src/util/run.ts";
import { demand, type ClusterLab } from "./cluster-lab.ts";

/** What a container is to the network, without Docker: a namespace with a card on one bridge or on several. */
export interface Member {
  host: string;
  pid: number;
  /** Of its first card. */
  address: string;
  mac: string;
}

export interface Card {
  bridge: string;
  /** Address with prefix length; none: the card is only up. */
  cidr?: string;
  mtuBytes?: number;
}

let count = 0;

/** Its cards are eth0, eth1, ...; it ends with the lab. */
export async function startMember(cluster: ClusterLab, host: string, ...cards: readonly Card[]): Promise<Member> {
  const labHost = cluster.lab.hosts[Number(host.replace("vm", "")) - 1]!;
  const argv = [`--net=/run/netns/${labHost.namespace}`, "--", "unshare", "--net", "--", "sh", "-c", "echo ready; exec sleep 100000"];
  const child = spawn("nsenter", argv, {
    env: { ...CLEAN_ENV, ...hostEnvironment(cluster.lab, labHost) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const pid = child.pid!;
  const inside = async (...words: string[]): Promise<string> => demand(await cluster.inside({ host, pid }, ...words)).stdout;
  await inside("ip", "link", "set", "lo", "up");
  for (const [index, { bridge, cidr, mtuBytes = 1400 }] of cards.entries()) {
    const [port, card] = [`m${++count}`, `eth${index}`];
    await cluster.on(host, "ip", "link", "add", port, "mtu", String(mtuBytes), "type", "veth", "peer", "name", card, "netns", String(pid));
    await cluster.on(host, "ip", "link", "set", port, "master", bridge, "up");
    if (cidr !== undefined) await inside("ip", "addr", "add", cidr, "brd", "+", "dev", card);
    await inside("ip", "link", "set", card, "mtu", String(mtuBytes), "up");
  }
  const [first] = JSON.parse(await inside("ip", "-j", "link", "show", "eth0")) as [{ address: string }];
  return { host, pid, address: cards[0]?.cidr?.split("/")[0] ?? "", mac: first.address };
}
