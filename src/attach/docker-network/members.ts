import { containsPrefix } from "../../net/prefix.ts";
import { layoutSlice } from "../../net/slices.ts";
import { findMember, type ResolvedNetwork } from "../../model/network.ts";
import type { Problem } from "../../model/problem.ts";
import type { SnapshotDocker, SnapshotStoppedMember } from "../../model/snapshot.ts";
import type { AttachMembersInput } from "../attachment.ts";

type Docker = Extract<SnapshotDocker, { state: "ready" }>;

/** What Docker will do to containers of ours, sooner or later: not start them, or give their address to another. */
export function findMemberTroubles(input: AttachMembersInput): Problem[] {
  return [...input.snapshots].flatMap(([host, { docker }]) =>
    docker.state === "ready"
      ? [...findStranded(host, docker, input), ...input.networks.flatMap((network) => findLendable(network, host, docker, input))]
      : [],
  );
}

/**
 * Docker remembers the networks of a stopped container by their id (moby, daemon/container_operations.go, getNetworkID):
 * one that was made again under the same name is another one to it, and the container does not start.
 */
function findStranded(host: string, { stopped, networks }: Docker, { networks: wanted, steps }: AttachMembersInput): Problem[] {
  const names = new Set(wanted.flatMap(({ attach }) => attach.network ?? []));
  const standing = new Set(networks.map(({ id }) => id));
  const leaving = new Map(
    (steps.get(host) ?? []).flatMap(({ before, after }) => (before?.kind === "docker-network" ? [[before.name, after] as const] : [])),
  );
  return stopped.flatMap((member): Problem[] => {
    const { container: what, network, networkId } = member;
    const problem = { kind: "conflict" as const, doing: "looking at the stopped container", what, where: host };
    if (networkId === "") return []; // never started: found by name when it is
    if (!standing.has(networkId)) {
      if (!names.has(network)) return [];
      const isBack = networks.some(({ name }) => name === network);
      const why = `it will not start: the Docker network ${network} it was on is no more${isBack ? ", and another one has its name" : ""}`;
      return [{ ...problem, why, try: isBack ? reconnect(member) : `after the apply: ${reconnect(member)}` }];
    }
    const after = leaving.get(network);
    if (after === undefined) return [];
    const why = `it will not start any more: its Docker network ${network} ${after === null ? "goes" : "is made again"}`;
    return [{ ...problem, why, try: after === null ? `remove it, or ${disconnect(member)}` : `after the apply: ${reconnect(member)}` }];
  });
}

const disconnect = ({ network, container }: SnapshotStoppedMember): string => `docker network disconnect -f ${network} ${container}`;

function reconnect(member: SnapshotStoppedMember): string {
  const { network, container, address, aliases } = member;
  const flag = address.includes(":") ? "--ip6" : "--ip";
  const kept = [...(address === "" ? [] : [`${flag} ${address}`]), ...aliases.map((alias) => `--alias ${alias}`)];
  return `${disconnect(member)} && docker network connect ${[...kept, network, container].join(" ")}`;
}

/** Docker on each host hands out the upper half of its slice, knowing nothing of other hosts and of stopped containers. */
function findLendable(network: ResolvedNetwork, host: string, docker: Docker, { snapshots }: AttachMembersInput): Problem[] {
  const own = findMember(network, host);
  const name = network.attach.network;
  if (own === undefined || name === undefined) return [];
  const { first, last } = layoutSlice(own.slice).staticRange;
  const here = [
    ...docker.endpoints.map((one) => ({ ...one, isStopped: false })),
    ...docker.stopped.map((one) => ({ ...one, isStopped: true })),
  ].filter((one) => one.network === name && one.address !== "");
  return here.flatMap(({ container: what, address, isStopped }): Problem[] => {
    const lender = network.members.find(({ dockerRange }) => containsPrefix(dockerRange, address));
    if (lender === undefined || (lender.host === host && !isStopped) || isKeptOut(snapshots.get(lender.host)?.docker, name, address))
      return [];
    const why = `its address ${address} in network ${network.name} lies in the range that Docker on ${lender.host} hands out, and another container may be given it`;
    return [
      {
        ...{ kind: "conflict", doing: `looking at the ${isStopped ? "stopped " : ""}container`, what, where: host, why },
        try: `give it an address from ${first} to ${last}, which no Docker hands out`,
      },
    ];
  });
}

/** As an auxiliary address: it was seen when the network was made. */
function isKeptOut(docker: SnapshotDocker | undefined, name: string, address: string): boolean {
  if (docker?.state !== "ready") return false;
  const pools = docker.networks.filter((network) => network.name === name).flatMap(({ subnets }) => subnets);
  return pools.some(({ aux }) => Object.values(aux).includes(address));
}
