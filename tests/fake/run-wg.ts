import type { SnapshotWireguardPeer } from "../../src/model/snapshot.ts";
import type { Command } from "../../src/tools/index.ts";
import { addLink, getLink, Refused, type KernelModel, type ModelLink } from "./kernel-model.ts";

type WgCommand = Extract<Command, { tool: "wg" }>;

/** A device as it is made: without key, port and peers. */
export const NEW_WIREGUARD = { port: 0, publicKey: "", peers: [] };

/** `wg set` and wireguard-go as far as we use them; `keys` are the public halves of the host's own, by cluster. */
export function runWg(kernel: KernelModel, keys: ReadonlyMap<string, readonly string[]>, command: WgCommand): void {
  const { device } = command;
  if (command.op === "start") return void addLink(kernel, { name: device, kind: "tun", mtuBytes: 1420, wireguard: NEW_WIREGUARD });
  if (command.op === "clear") return;
  const link = getLink(kernel, device);
  const { wireguard } = link;
  if (wireguard === undefined) throw new Refused(`Unable to access interface ${device}: Operation not supported`);
  if (command.op === "device") {
    const { publicKey } = command;
    if (keys.get(command.cluster)?.includes(publicKey) !== true) throw new Refused("fopen: No such file or directory");
    link.wireguard = { ...wireguard, port: command.port, publicKey };
  } else link.wireguard = { ...wireguard, peers: changePeer(wireguard.peers, command).toSorted(byKey) };
}

const byKey = (a: SnapshotWireguardPeer, b: SnapshotWireguardPeer): number => (a.publicKey < b.publicKey ? -1 : 1);

/** A prefix that one peer gets another loses (allowedips.c in the kernel's drivers/net/wireguard). */
function changePeer(
  peers: NonNullable<ModelLink["wireguard"]>["peers"],
  command: Extract<WgCommand, { op: "peer" | "forget-peer" }>,
): SnapshotWireguardPeer[] {
  const others = peers.filter(({ publicKey }) => publicKey !== command.publicKey);
  if (command.op === "forget-peer") return others;
  const { publicKey, allowedIps, keepaliveS } = command;
  const known = peers.find((peer) => peer.publicKey === publicKey);
  const endpoint = command.endpoint === "" ? (known?.endpoint ?? "") : command.endpoint;
  const robbed = others.map((peer) => ({ ...peer, allowedIps: peer.allowedIps.filter((prefix) => !allowedIps.includes(prefix)) }));
  return [...robbed, { publicKey, endpoint, allowedIps, keepaliveS, isAlive: known?.isAlive ?? false }];
}
