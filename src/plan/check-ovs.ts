import { findMember, type ResolvedNetwork } from "../addressing/resolve-networks.ts";
import { isMarkedBy } from "../resources/mark.ts";
import type { OvsTunnelResource } from "../resources/resource.ts";
import type { Snapshot } from "../resources/snapshot.ts";
import type { Problem } from "../util/problem.ts";
import { ovsDatapathOf, type HostFacts } from "./facts.ts";
import type { Step } from "./step.ts";

export interface OvsCheckInput {
  host: { name: string };
  clusterUuid: string;
  networks: readonly ResolvedNetwork[];
  facts: HostFacts;
  snapshot: Snapshot;
  steps: readonly Step[];
}

/** What Open vSwitch on a host cannot do, or what somebody else does with it already. */
export function checkOvs(input: OvsCheckInput): Problem[] {
  const { host, networks, facts } = input;
  const mine = networks.filter((network) => network.dataplane.type === "ovs" && findMember(network, host.name) !== undefined);
  const problem = { doing: "preparing", what: mine.map((network) => `network ${network.name}`).join(", "), where: host.name };
  if (!facts.ovs.ready) {
    if (mine.length > 0) {
      const advice = "install openvswitch-switch on that host and start it, or use another data plane";
      return [{ ...problem, kind: "unsupported", why: facts.ovs.reason, try: advice }];
    }
    return checkBlindRemoval(input);
  }
  return [
    ...mine.flatMap((network) => checkDatapath(network, facts, { ...problem, what: `network ${network.name}` })),
    ...checkEthtool(mine, input),
    ...checkTwins(input),
    ...checkSharedPort(input),
  ];
}

/** What cannot be seen must not count as gone (F32): a join that is still a link proves that there was a bridge. */
function checkBlindRemoval({ host, clusterUuid, facts, snapshot }: OvsCheckInput): Problem[] {
  const left = snapshot.links.filter((link) => /^spw[iv]/.test(link.name) && isMarkedBy(link.alias, clusterUuid));
  if (left.length === 0) return [];
  return [
    {
      kind: "unsupported",
      doing: "removing",
      what: `Open vSwitch ports ${left.map((link) => link.name).join(", ")}`,
      where: host.name,
      why: `${facts.ovs.reason}, so nobody can tell what of ours it still has`,
      try: "start Open vSwitch on that host (systemctl start openvswitch-switch), then run the same command again",
    },
  ];
}

function checkDatapath(network: ResolvedNetwork, facts: HostFacts, problem: Pick<Problem, "doing" | "what" | "where">): Problem[] {
  if (ovsDatapathOf(network, facts) === "netdev") {
    if (facts.isUnderlayInUserspace) return [];
    const why = `userspace tunnels start only on a userspace bridge that has the underlay address, and ${facts.underlayDevice ?? "its device"} is none; Spanwire never moves an uplink`;
    return [{ ...problem, kind: "refused", why, try: "remove datapath: userspace, or build that bridge yourself first" }];
  }
  if (facts.ovs.kernelDatapath) return [];
  const why = "this kernel has no Open vSwitch datapath (module openvswitch is not loaded)";
  return [{ ...problem, kind: "unsupported", why, try: "load it: modprobe openvswitch; a kernel without it can use dataplane: vxlan" }];
}

/** A veth pair into a userspace datapath carries no TCP before its checksum offload is off. */
function checkEthtool(mine: readonly ResolvedNetwork[], { host, facts, snapshot }: OvsCheckInput): Problem[] {
  const needing = mine.filter((network) => network.dataplane.type === "ovs" && network.dataplane.join === "veth");
  const inUserspace = needing.filter((network) => ovsDatapathOf(network, facts) === "netdev");
  if (inUserspace.length === 0 || snapshot.tools["ethtool"] !== undefined) return [];
  return [
    {
      kind: "unsupported",
      doing: "preparing",
      what: inUserspace.map((network) => `network ${network.name}`).join(", "),
      where: host.name,
      why: "the command ethtool is not there, and a veth pair into userspace Open vSwitch carries no TCP until it has set its checksum offload off",
      try: "install ethtool on that host, or write join: internal",
    },
  ];
}

/** Open vSwitch takes one tunnel of a type, remote and key, and says so only in its log. */
function checkTwins({ host, facts, steps }: OvsCheckInput): Problem[] {
  return steps.flatMap((step): Problem[] => {
    const wanted = step.action === "add" && step.after?.kind === "ovs-tunnel" ? step.after : undefined;
    if (wanted === undefined) return [];
    const twin = facts.foreignOvsTunnels.find((other) => isTwin(wanted, other));
    if (twin === undefined) return [];
    const why = `Open vSwitch has the tunnel ${twin.name} with the same type, remote ${wanted.remote} and key ${wanted.key || "none"}, and it is not ours`;
    return [{ kind: "conflict", doing: "preparing", what: step.label, where: host.name, why, try: "set another key under dataplane" }];
  });
}

/** The kernel's VXLAN and Open vSwitch's cannot listen on one port, and both stand during the change. */
function checkSharedPort({ host, networks, steps }: OvsCheckInput): Problem[] {
  const leaving = new Set(steps.flatMap(({ action, before }) => (action === "remove" && before?.kind === "vxlan" ? [before.port] : [])));
  return networks.flatMap((network): Problem[] => {
    const { dataplane } = network;
    if (dataplane.type !== "ovs" || dataplane.port === undefined || !leaving.has(dataplane.port)) return [];
    const why = `the kernel's VXLAN device of this cluster has UDP port ${dataplane.port} until the change is over, and both stand side by side`;
    return [
      {
        kind: "conflict",
        doing: "preparing",
        what: `network ${network.name}`,
        where: host.name,
        why,
        try: "set another port under dataplane",
      },
    ];
  });
}

function isTwin(wanted: OvsTunnelResource, other: HostFacts["foreignOvsTunnels"][number]): boolean {
  return other.type === wanted.tunnel && other.remote === wanted.remote && (other.key === wanted.key || other.key === "flow");
}
