import { networkMtu } from "../net/mtu.ts";
import { familyOf } from "../net/prefix.ts";
import { tunnelOf } from "../dataplanes/index.ts";
import type { PinNetworkInput } from "./pin-network.ts";
import type { Notes } from "./pin-notes.ts";

/** Docker fixes a network's MTU when it is created, so a wider underlay alone changes nothing. */
export function pinMtu({ network, before, underlayMtuBytes, underlayFamily }: PinNetworkInput, notes: Notes): number {
  if (underlayMtuBytes === undefined) return pinUnseen(network, before, notes);
  const isPinned = network.mtu.bytes === undefined && before !== undefined;
  const wish = isPinned ? { bytes: before.mtuBytes } : network.mtu;
  const mtu = networkMtu({
    underlayMtus: [underlayMtuBytes],
    tunnel: tunnelOf(network),
    family: underlayFamily,
    wish,
    subnetFamily: familyOf(network.subnet),
  });
  if (typeof mtu !== "number") {
    const about = {
      why: `the MTU is pinned, but ${mtu.why}`,
      try: "raise the underlay's MTU, or write a smaller mtu (containers must then be reconnected)",
    };
    notes.fail(["mtu"], isPinned ? about : mtu);
    return underlayMtuBytes;
  }
  if (isPinned && network.mtu.reserve !== undefined) noteReserve({ network, before, underlayMtuBytes, underlayFamily }, notes);
  if (before !== undefined && before.mtuBytes !== mtu)
    notes.changes.push(`network ${network.name} changes its MTU from ${before.mtuBytes} to ${mtu}`);
  return mtu;
}

/** Room that was asked for after the network was made: its MTU would have to shrink. */
function noteReserve(
  {
    network,
    before,
    underlayMtuBytes,
    underlayFamily,
  }: Pick<PinNetworkInput, "network" | "before" | "underlayFamily"> & { underlayMtuBytes: number },
  notes: Notes,
): void {
  const wished = networkMtu({
    ...{ underlayMtus: [underlayMtuBytes], tunnel: tunnelOf(network), family: underlayFamily, wish: network.mtu },
    subnetFamily: familyOf(network.subnet),
  });
  if (typeof wished !== "number" || before === undefined || wished >= before.mtuBytes) return;
  notes.unmet.push({
    ...{ kind: "refused", doing: "keeping", what: `mtu.reserve: ${network.mtu.reserve} of network ${network.name}`, where: "" },
    why: `the network is in use with an MTU of ${before.mtuBytes}, and this room would leave ${wished}`,
    try: `write mtu: ${wished} to change it now: containers on it must then be reconnected`,
  });
}

/** No host was seen: a written MTU or a pinned one may be right, and a guess would be kept for good. */
function pinUnseen(network: PinNetworkInput["network"], before: PinNetworkInput["before"], notes: Notes): number {
  const known = network.mtu.bytes ?? before?.mtuBytes;
  if (known !== undefined) return known;
  notes.fail(["mtu"], {
    why: "no host of the cluster could be read, so nobody knows what its underlay carries",
    try: "run the same command when at least one host answers, or write mtu",
  });
  return 0;
}
