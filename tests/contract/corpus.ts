import "./toy-plane.ts"; // first: whoever reads the registry finds it there
import fc from "fast-check";
import { commandsOf } from "../../src/plan/compare/batch-steps.ts";
import type { DataplaneSpec } from "../../src/model/cluster.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { Command, ToolName } from "../../src/tools/index.ts";
import { clusterShape, toCluster, type ClusterShape, type NetworkShape } from "../fake/cluster-arbitrary.ts";
import type { WireguardSpec } from "../../src/dataplanes/wireguard/schema.ts";
import { createFakeFleet, type FakeFleet } from "../fake/fake-fleet.ts";
import { moveUnderlayToUserspace, startContainer } from "../fake/fake-system.ts";
import { deleteLink } from "../fake/kernel-model.ts";
import { PLAIN } from "../fake/plan-case.ts";

const wireguard = (implementation: WireguardSpec["implementation"], behindNat: readonly string[] = []): WireguardSpec => ({
  type: "wireguard",
  behindNat,
  implementation,
});

/** Cluster shapes for the contract suites: always the same, with everything that is registered somewhere among them. */
const SEED = 11;
const VETH = { tunnel: "vxlan", topology: "ring", tree: "stp", splitHorizon: false, join: "veth" } as const;
const USERSPACE: ClusterShape = { hosts: [1, 2], networks: { 1: { ...PLAIN, ovs: { ...VETH, topology: "mesh", splitHorizon: true } } } };
const RELAY: NetworkShape = { ...PLAIN, plane: { type: "toy-relay", hub: "h2" } as DataplaneSpec, perHost: true };
const WIREGUARD: NetworkShape = { ...PLAIN, plane: wireguard("kernel"), perHost: true };
const USERSPACE_WIREGUARD: NetworkShape = { ...WIREGUARD, plane: wireguard("wireguard-go", ["h2"]) };
/** Hosts of it have the Docker that drops in two places. */
const DOCKER_28: ClusterShape = { hosts: [1, 2], networks: { 1: WIREGUARD } };
export const SHAPES: readonly ClusterShape[] = [
  { hosts: [1, 2, 3], networks: { 1: PLAIN, 2: RELAY } },
  USERSPACE,
  { hosts: [1, 2, 3], networks: { 1: PLAIN, 2: { ...PLAIN, perHost: true }, 3: { ...PLAIN, ovs: VETH } } },
  DOCKER_28,
  { hosts: [1, 2, 3], networks: { 1: WIREGUARD, 2: USERSPACE_WIREGUARD } },
  ...fc.sample(clusterShape, { seed: SEED, numRuns: 12 }),
];

export interface Case {
  fleet: FakeFleet;
  plan: Plan;
}

/** A fleet and the first plan for it; hosts have systemd and networkd, so that they have files of ours. */
export async function firstPlan(shape: ClusterShape): Promise<Case> {
  const cluster = toCluster(shape);
  const fleet = createFakeFleet(cluster.hosts);
  for (const host of fleet.hosts.values()) host.boot = { program: ["/usr/bin/spanwire"], networkd: true, networkManager: false };
  if (shape === DOCKER_28) for (const host of fleet.hosts.values()) host.dockerVersion = "28.5.2";
  if (shape === USERSPACE) for (const host of fleet.hosts.values()) moveUnderlayToUserspace(host);
  return { fleet, plan: await fleet.plan(cluster) };
}

/** The first plan again, after it was applied and a bridge with a container on it was lost. */
export async function repairPlan(shape: ClusterShape): Promise<Case | undefined> {
  const { fleet, plan } = await firstPlan(shape);
  const applied = await fleet.apply(plan);
  if (applied.outcome !== "applied") throw new Error(JSON.stringify(applied.problems));
  const [host] = fleet.hosts.values();
  const network = host?.docker.networks[0];
  if (host === undefined || network === undefined) return undefined;
  startContainer(host, network.name, "web");
  deleteLink(host.kernel, network.options["com.docker.network.bridge.name"] ?? "");
  return { fleet, plan: await fleet.plan(toCluster(shape), plan.lock!) };
}

/** Every command that these plans, and undoing them, would run. */
export async function commandsByTool(): Promise<Map<ToolName, Command[]>> {
  const found = new Map<ToolName, Command[]>();
  for (const shape of SHAPES) {
    const { plan } = await firstPlan(shape);
    for (const { before, after } of plan.hosts.flatMap(({ steps }) => steps)) {
      for (const command of [...commandsOf({ before, after }), ...commandsOf({ before: after, after: before })])
        found.set(command.tool, [...(found.get(command.tool) ?? []), command]);
    }
  }
  return found;
}
