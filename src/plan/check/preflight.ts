import { familyOf, overlapsPrefix } from "../../net/prefix.ts";
import type { ResolvedNetwork } from "../../model/network.ts";
import { findMark } from "../../model/mark.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Host } from "../../model/cluster.ts";
import type { Problem } from "../../model/problem.ts";
import { containersOn, type HostFacts } from "../facts.ts";
import { checkOvsRemoval } from "./check-ovs-removal.ts";
import { checkOvs } from "./check-ovs.ts";
import { checkTunnels } from "./check-tunnels.ts";
import type { Step } from "../../model/step.ts";

export interface PreflightInput {
  host: Host;
  clusterName: string;
  clusterUuid: string;
  /** This host's index in the lock. */
  index: number;
  networks: readonly ResolvedNetwork[];
  facts: HostFacts;
  snapshot: Snapshot;
  steps: readonly Step[];
}

/** Everything that would make a step fail or hurt somebody, found before the first step of any host. */
export function checkHost(input: PreflightInput): Problem[] {
  const docker = [checkDocker, checkPools, checkLiveContainers];
  return [checkTools, checkIdentity, checkNames, checkTunnels, ...docker, checkOvs, checkOvsRemoval].flatMap((check) => check(input));
}

function checkTools({ host, facts }: PreflightInput): Problem[] {
  const problem = { kind: "unsupported" as const, doing: "preparing", where: host.name };
  const tools = facts.missingTools.map((tool) => ({
    ...problem,
    what: tool,
    why: "this command is not there",
    try: "install iproute2, nftables, iputils-ping and util-linux on that host",
  }));
  if (facts.underlayMtuBytes !== undefined) return tools;
  const why = `no device of this host has the address ${host.address}`;
  return [
    ...tools,
    { ...problem, what: `underlay address ${host.address}`, why, try: "write the address other hosts reach it by as hosts.*.address" },
  ];
}

/** A host that carries another cluster's objects under our name, or another index, is not the host we think it is. */
function checkIdentity({ host, clusterName, clusterUuid, index, snapshot }: PreflightInput): Problem[] {
  const marks = snapshot.links.flatMap((link) => findMark(link.alias) ?? []);
  const stranger = marks.find((mark) => mark.cluster === clusterName && mark.uuid !== clusterUuid);
  const problem = { kind: "conflict" as const, doing: "recognising", what: `cluster ${clusterName}`, where: host.name };
  if (stranger !== undefined) {
    const why = `the host carries a cluster of this name with another id (${stranger.uuid}; ours is ${clusterUuid})`;
    return [{ ...problem, why, try: "restore the lock file that belongs to it, or give this cluster another name" }];
  }
  const other = marks.find((mark) => mark.uuid === clusterUuid && mark.index !== index);
  if (other === undefined) return [];
  const why = `the host says it is number ${other.index} of the cluster; the lock says ${index}`;
  return [{ ...problem, why, try: "restore the lock file from version control; two hosts must never claim one number" }];
}

/** Our names are hashes, so a link that has one and is not ours was given it on purpose. */
function checkNames({ host, snapshot, steps }: PreflightInput): Problem[] {
  const taken = new Map(snapshot.links.map((link) => [link.name, link]));
  return steps.flatMap((step): Problem[] => {
    if (step.action !== "add" || (step.after?.kind !== "bridge" && step.after?.kind !== "vxlan")) return [];
    const link = taken.get(step.after.name);
    if (link === undefined) return [];
    const why = `a ${link.kind || "device"} of that name exists and is not ours`;
    return [
      {
        kind: "conflict",
        doing: "preparing the link",
        what: step.after.name,
        where: host.name,
        why,
        try: `remove it: ip link del dev ${link.name}`,
      },
    ];
  });
}

/** The kernel takes a VNI and port once, Docker a subnet once: also while our own old one stands beside the new. */
function checkPools({ host, networks, facts, steps }: PreflightInput): Problem[] {
  const leaving = steps.flatMap((step) => (step.action === "remove" && step.before !== null ? [step] : []));
  return steps.flatMap((step): Problem[] => {
    const { after } = step;
    if (step.action !== "add" || (after?.kind !== "vxlan" && after?.kind !== "docker-network")) return [];
    const network = networks.find((candidate) => candidate.bridge === after.bridge)?.name ?? "";
    const problem = { kind: "conflict" as const, doing: "preparing", what: `network ${network}`, where: host.name };
    if (after.kind === "vxlan") {
      const held = leaving.some(({ before }) => before?.kind === "vxlan" && before.vni === after.vni && before.port === after.port);
      const why = `VNI ${after.vni} on UDP port ${after.port} is still held by a network of ours that this plan only takes away at its end`;
      return held ? [{ ...problem, why, try: "set another vni, or apply the removal first and the addition afterwards" }] : [];
    }
    const rival = leaving.find(
      ({ stage, before }) => stage === "remove" && before?.kind === "docker-network" && overlapsPrefix(before.subnet, after.subnet),
    );
    const foreign = facts.foreignDockerNetworks.find((other) =>
      other.subnets.some((subnet) => subnet !== "" && overlapsPrefix(subnet, after.subnet)),
    );
    const other = rival?.before?.kind === "docker-network" ? rival.before.name : foreign?.name;
    if (other === undefined) return [];
    const advice =
      rival === undefined
        ? "use a subnet that no Docker network has, or remove that one"
        : "apply the removal first and the addition afterwards";
    return [{ ...problem, why: `its subnet ${after.subnet} overlaps the Docker network ${other}`, try: advice }];
  });
}

function checkDocker({ host, networks, facts }: PreflightInput): Problem[] {
  return networks.flatMap((network): Problem[] => {
    const { attach } = network;
    if (attach.type === "none") return [];
    const problem = { doing: "preparing the Docker network", what: attach.network, where: host.name };
    if (!facts.docker.ready) {
      return [{ ...problem, kind: "unsupported", why: facts.docker.reason, try: "start Docker on that host, or write `docker: none`" }];
    }
    if (familyOf(network.subnet) === 6) {
      const why = "Docker needs an IPv4 subnet for a bridge network";
      return [{ ...problem, kind: "unsupported", why, try: "use an IPv4 subnet, or write `docker: none`" }];
    }
    if (!facts.foreignDockerNetworks.some((other) => other.name === attach.network)) return [];
    const why = "a Docker network of that name exists and is not ours";
    return [{ ...problem, kind: "conflict", why, try: `remove it, or write docker: { network: another-name }` }];
  });
}

function checkLiveContainers({ host, snapshot, steps }: PreflightInput): Problem[] {
  return steps.flatMap((step): Problem[] => {
    if (step.before?.kind !== "docker-network") return [];
    const containers = containersOn(snapshot, step.before.name);
    if (containers.length === 0) return [];
    const field = step.differences.map((difference) => `${difference.field} ${difference.from} to ${difference.to}`).join(", ");
    return [
      {
        kind: "refused",
        doing: step.action === "remove" ? "removing the Docker network" : "replacing the Docker network",
        what: step.before.name,
        where: host.name,
        why: `${field === "" ? "" : `it must be made again (${field}), and `}running containers are on it: ${containers.join(", ")}`,
        try: `stop them, or disconnect them: docker network disconnect ${step.before.name} ${containers[0]}`,
      },
    ];
  });
}
