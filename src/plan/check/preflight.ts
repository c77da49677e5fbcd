import { findMember, type ResolvedNetwork } from "../../model/network.ts";
import { findMark } from "../../model/mark.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Host } from "../../model/cluster.ts";
import type { Problem } from "../../model/problem.ts";
import type { HostFacts } from "../../model/host-state.ts";
import { ATTACHMENTS } from "../../attach/index.ts";
import { kindOf } from "../../kinds/index.ts";
import { DATAPLANES } from "../../dataplanes/index.ts";
import { checkForwarding } from "./check-forwarding.ts";
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
  return [checkTools, checkIdentity, checkNames, checkForwarding, checkTunnels, checkAttachments, checkPlanes].flatMap((check) =>
    check(input),
  );
}

/** Every plane looks at every host: one may have left something behind, or forbid what another does. */
export function checkPlanes(input: Omit<PreflightInput, "clusterName" | "index">): Problem[] {
  const { host, networks } = input;
  return [...DATAPLANES].flatMap(([type, plane]) => {
    const mine = networks.filter((network) => network.dataplane.type === type && findMember(network, host.name) !== undefined);
    return plane.preflight?.({ ...input, networks: mine }) ?? [];
  });
}

function checkAttachments(input: PreflightInput): Problem[] {
  const { host, networks } = input;
  return [...ATTACHMENTS].flatMap(([type, attachment]) => {
    const mine = networks.filter((network) => network.attach.type === type && findMember(network, host.name) !== undefined);
    return attachment.preflight?.({ ...input, networks: mine }) ?? [];
  });
}

function checkTools({ host, facts }: PreflightInput): Problem[] {
  const problem = { kind: "unsupported" as const, doing: "preparing", where: host.name };
  const advice = "install what is named in brackets on that host";
  const tools = facts.missingTools === "" ? [] : [{ ...problem, what: "the host", why: `missing: ${facts.missingTools}`, try: advice }];
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
    const name = step.action !== "add" || step.after === null ? undefined : kindOf(step.after).markedName?.(step.after);
    const link = taken.get(name ?? "");
    if (link === undefined) return [];
    const why = `a ${link.kind || "device"} of that name exists and is not ours`;
    return [
      {
        kind: "conflict",
        doing: "preparing the link",
        what: link.name,
        where: host.name,
        why,
        try: `remove it: ip link del dev ${link.name}`,
      },
    ];
  });
}
