import { findMember, type ResolvedNetwork } from "../../model/network.ts";
import { getDataplane, tunnelOf } from "../../dataplanes/index.ts";
import { wireOf, type Wire } from "../../net/tunnel.ts";
import { kindOf } from "../../kinds/index.ts";
import type { Problem } from "../../model/problem.ts";
import type { HostFacts } from "../../model/host-state.ts";
import { findSilenced, type Silenced } from "./find-silenced.ts";
import type { Step } from "../../model/step.ts";

interface TunnelCheckInput {
  host: { name: string };
  networks: readonly ResolvedNetwork[];
  facts: HostFacts;
  steps: readonly Step[];
}

/** UDP port of Swarm's overlay (docs.docker.com/engine/swarm/networking, "data path port"). */
const SWARM_PORT = 4789;

/** On the underlay: who holds what a new tunnel needs, and whom our firewall table would silence. */
export function checkTunnels(input: TunnelCheckInput): Problem[] {
  const { host, networks, facts, steps } = input;
  const fresh = networks.filter((network) => isNewTunnel(network, steps));
  return [
    ...fresh.flatMap((network): Problem[] => {
      const found = findHolder(network, facts);
      if (found === undefined) return [];
      return [{ ...{ kind: "conflict", doing: "preparing the tunnel of", what: `network ${network.name}`, where: host.name }, ...found }];
    }),
    ...findSilenced(steps, facts).flatMap((silenced) => describeSilenced(silenced, input)),
  ];
}

function isNewTunnel(network: ResolvedNetwork, steps: readonly Step[]): boolean {
  return steps.some(({ action, after }) => action === "add" && after?.network === network.name && kindOf(after).opensWire === true);
}

function findHolder(network: ResolvedNetwork, facts: HostFacts): Pick<Problem, "why" | "try"> | undefined {
  const port = tunnelOf(network)?.port;
  if (port === undefined) return undefined;
  const receiver = receiverOf(network, facts);
  const number = getDataplane(network.pin).numberOf?.(network.pin);
  const onPort = facts.tunnels.filter((tunnel) => tunnel.wire === port);
  // a UDP port has one receiver, and our own old one stands beside the new one until the change is over
  const rival = onPort.find((tunnel) => tunnel.isExclusive || tunnel.receiver !== receiver);
  if (rival?.isOurs === true) {
    const why = `${rival.receiver} of this cluster has UDP port ${port} until the change is over, and ${receiver} cannot share it`;
    return { why, try: "set another port under dataplane, or apply the removal first and the addition afterwards" };
  }
  if (rival !== undefined) {
    return { why: `UDP port ${port} is taken by ${rival.name}, which is not ours`, try: "set another port under dataplane" };
  }
  // the kernel tells VXLAN devices on one port apart by VNI; our own are compared step by step (preflight.ts)
  const twin = onPort.find((tunnel) => !tunnel.isOurs && tunnel.vni === number);
  if (twin !== undefined) {
    const why = `VNI ${number} on UDP port ${port} is taken by ${twin.name}, which is not ours`;
    return { why, try: "set another vni or port under dataplane" };
  }
  if (facts.docker.swarm && port === SWARM_PORT) {
    return { why: `Docker Swarm is active and uses UDP port ${port}`, try: "use port 8472, or leave the swarm" };
  }
  if (!facts.udpPorts.includes(port)) return undefined;
  return { why: `UDP port ${port} is in use by another program`, try: "set another port under dataplane, or stop that program" };
}

function wireOfNetwork(network: ResolvedNetwork): Wire | undefined {
  const tunnel = tunnelOf(network);
  return tunnel === undefined ? undefined : wireOf(tunnel);
}

const receiverOf = ({ dataplane }: ResolvedNetwork, facts: HostFacts): string | undefined =>
  getDataplane(dataplane).receiver?.(dataplane, facts);

function describeSilenced({ tunnel, sources }: Silenced, { host, networks, facts }: TunnelCheckInput): Problem[] {
  const { wire, receiver, name } = tunnel;
  // of another receiver on a UDP port: that is already a problem, with the same way out
  const rivals = networks.filter(
    (network) =>
      findMember(network, host.name) !== undefined &&
      wireOfNetwork(network) === wire &&
      (wire === "gre" || receiverOf(network, facts) === receiver),
  );
  if (rivals.length === 0) return [];
  const packets = wire === "gre" ? "GRE packets" : `packets on UDP port ${wire}`;
  const from = sources.includes("any") ? "any address" : sources.join(", ");
  return [
    {
      kind: "conflict",
      doing: "protecting the tunnels of",
      what: rivals.map((network) => `network ${network.name}`).join(", "),
      where: host.name,
      why: `${name}, which is not ours, takes ${packets} from ${from}, and our firewall table would drop what no other host of these networks sent`,
      try: `${wire === "gre" ? "use tunnel: vxlan or geneve" : "set another port"} under dataplane, or take ${name} away`,
    },
  ];
}
