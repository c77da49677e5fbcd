import { isMarkedBy } from "../../model/mark.ts";
import type { OvsTunnelResource } from "../../kinds/ovs-tunnel.ts";
import type { Problem } from "../../model/problem.ts";
import type { HostFacts } from "../../model/host-state.ts";
import type { StandingTunnel } from "../../model/host-state.ts";
import type { PreflightInput } from "../dataplane.ts";
import { checkRemoval } from "./check-removal.ts";
import { datapathOf } from "./datapath.ts";
import type { OvsPin } from "./pin.ts";
import type { OvsSpec } from "./spec.ts";

type OvsCheckInput = PreflightInput<OvsSpec, OvsPin>;
type OvsNetwork = OvsCheckInput["networks"][number];

/** What Open vSwitch on a host cannot do, or what somebody else does with it already. */
export function preflightOvs(input: OvsCheckInput): Problem[] {
  return [...checkOvsHost(input), ...checkRemoval(input)];
}

function checkOvsHost(input: OvsCheckInput): Problem[] {
  const { host, networks: mine, facts, snapshot } = input;
  const problem = { doing: "preparing", what: mine.map((network) => `network ${network.name}`).join(", "), where: host.name };
  if (!facts.ovs.ready) {
    if (mine.length > 0) {
      const isThere = snapshot.ovs.state === "ready";
      const advice = isThere
        ? "start it: systemctl restart openvswitch-switch (openvswitch on Fedora)"
        : "install openvswitch-switch on that host and start it, or use another data plane";
      return [{ ...problem, kind: "unsupported", why: facts.ovs.reason, try: advice }];
    }
    return checkBlindRemoval(input);
  }
  return [
    ...mine.flatMap((network) => checkDatapath(network, facts, { ...problem, what: `network ${network.name}` })),
    ...checkEthtool(input),
    ...checkTwins(input),
  ];
}

/** What cannot be seen must not count as gone (F32): a join that is still a link proves that there was a bridge. */
function checkBlindRemoval({ host, clusterUuid, facts, snapshot }: OvsCheckInput): Problem[] {
  const left = snapshot.links.filter((link) => /^spw[iy]/.test(link.name) && isMarkedBy(link.alias, clusterUuid));
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

function checkDatapath(network: OvsNetwork, facts: HostFacts, problem: Pick<Problem, "doing" | "what" | "where">): Problem[] {
  if (datapathOf(network.dataplane, facts) === "netdev") {
    if (facts.isUnderlayInUserspace) return [];
    const why = `userspace tunnels start only on a userspace bridge that has the underlay address, and ${facts.underlayDevice ?? "its device"} is none; Spanwire never moves an uplink`;
    return [{ ...problem, kind: "refused", why, try: "remove datapath: userspace, or build that bridge yourself first" }];
  }
  if (facts.ovs.kernelDatapath) return [];
  const why = "this kernel has no Open vSwitch datapath (module openvswitch is not loaded)";
  return [{ ...problem, kind: "unsupported", why, try: "load it: modprobe openvswitch; a kernel without it can use dataplane: vxlan" }];
}

/** A veth pair into a userspace datapath carries no TCP before its checksum offload is off. */
function checkEthtool({ host, networks, facts, snapshot }: OvsCheckInput): Problem[] {
  const needing = networks.filter((network) => network.dataplane.join === "veth");
  const inUserspace = needing.filter((network) => datapathOf(network.dataplane, facts) === "netdev");
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

/** Open vSwitch takes one tunnel of a type, remote, key and port, and says so only in its log: our old ones stand until the end. */
function checkTwins({ host, facts, steps }: OvsCheckInput): Problem[] {
  const twins = steps.flatMap((step) => {
    const wanted = step.action === "add" && step.after?.kind === "ovs-tunnel" ? step.after : undefined;
    const twin = wanted === undefined ? undefined : facts.tunnels.find((tunnel) => isTwin(wanted, tunnel));
    return wanted === undefined || twin === undefined ? [] : [{ label: step.label, wanted, twin }];
  });
  return twins.map(({ label, wanted, twin }): Problem => {
    const problem = { kind: "conflict" as const, doing: "preparing", what: label, where: host.name };
    const same = `the same type, remote ${wanted.remote} and key ${wanted.key || "none"}`;
    if (!twin.isOurs) {
      const why = `Open vSwitch has the tunnel ${twin.name} with ${same}, and it is not ours`;
      return { ...problem, why, try: "set another key under dataplane" };
    }
    const why = `our own tunnel ${twin.name} has ${same}, and this plan only takes it away at its end`;
    return { ...problem, why, try: "set another key under dataplane, or apply the removal first and the addition afterwards" };
  });
}

/** The outer UDP port and what the tunnel listens on are one in ofproto/tunnel.c, struct tnl_match. */
function isTwin(wanted: OvsTunnelResource, { name, wire, remotes, ovs }: StandingTunnel): boolean {
  if (ovs === undefined || name === wanted.name || !remotes.includes(wanted.remote)) return false;
  return (
    ovs.type === wanted.tunnel && wire === (wanted.port === "" ? "gre" : Number(wanted.port)) && [wanted.key, "flow"].includes(ovs.key)
  );
}
