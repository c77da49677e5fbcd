import fc from "fast-check";
import type { FaultMoment } from "../fault/faulty-system.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { OvsSpec } from "../../src/dataplanes/ovs/spec.ts";
import type { Cluster, DataplaneSpec, Network } from "../../src/model/cluster.ts";
import { createClusterLab, footprintChanges, type ClusterLab } from "../lab/cluster-lab.ts";
import { clusterShape, toCluster, type ClusterShape } from "../fake/cluster-arbitrary.ts";
import { footprintsOf } from "./footprints-of.ts";
import type { DrillResult } from "./rollback-drill.ts";

const HOSTS = 3;
/** So often a file is applied without a fault: what follows changes it. */
const APPLIED_EVERY = 10;

const moment = fc.constantFrom<FaultMoment>("before", "inside", "after");
const scene = fc.record({ shape: clusterShape, at: fc.nat(1000), moment });

/** As the rollback drill, with real kernels and Open vSwitch in userspace: generated files, the command line, one failure. */
export async function drillRollbackOnHosts(seed: number, runs: number): Promise<DrillResult> {
  const result: DrillResult = { runs: 0, failures: [] };
  const cluster = await createClusterLab({ docker: "none", ovs: "netdev", hosts: HOSTS, spec: "" });
  try {
    for (const [index, { shape, at, moment: when }] of fc.sample(scene, { seed, numRuns: runs * 4 }).entries()) {
      if (result.runs === runs) break;
      await cluster.writeSpec(specOf(toCluster(onThreeHosts(shape))));
      const target = await pickStep(cluster, at);
      if (target === undefined) continue;
      const wrong = await failThere(cluster, target, when);
      result.runs += 1;
      result.failures.push(...wrong.map((text) => `run ${index}: ${target.host} ${target.id} ${when}: ${text.slice(0, 300)}`));
      if (result.runs % APPLIED_EVERY === 0) await cluster.must("apply", "--yes", "--no-verify");
    }
  } finally {
    await cluster.down();
  }
  return result;
}

interface Target {
  host: string;
  id: string;
}

/** Undefined: the file is refused, beside the one before it or by itself, or changes nothing. */
async function pickStep(cluster: ClusterLab, at: number): Promise<Target | undefined> {
  const { exitCode, stdout } = await cluster.spanwire(["plan", "--json"]);
  if (exitCode !== 0) return undefined;
  const steps = (JSON.parse(stdout) as Plan).hosts.flatMap(({ host, steps: all }) =>
    all.filter((step) => step.stage !== "remove").map(({ id }) => ({ host, id })),
  );
  return steps[at % Math.max(steps.length, 1)];
}

async function failThere(cluster: ClusterLab, { host, id }: Target, when: FaultMoment): Promise<string[]> {
  const before = await footprintsOf(cluster);
  const { exitCode, stderr } = await cluster.spanwire(["apply", "--yes", "--no-verify"], { SPANWIRE_FAULT: `${host}/${id}=${when}` });
  const changes = footprintChanges(before, await footprintsOf(cluster));
  return [...(exitCode === 1 && stderr.includes("injected fault") ? [] : [`exit ${exitCode}: ${stderr}`]), ...changes.slice(0, 3)];
}

/** Spanning trees are left out: an apply awaits them, half a minute each. */
function onThreeHosts({ hosts, networks }: ClusterShape): ClusterShape {
  const few = hosts.filter((host) => host <= HOSTS);
  return {
    hosts: few.length === 0 ? [1] : few,
    networks: Object.fromEntries(
      Object.entries(networks).map(([number, network]) => {
        const { ovs } = network;
        const topology = ovs?.topology === "star" || ovs?.topology === "chain" ? ovs.topology : "mesh";
        return [number, { ...network, docker: false, ovs: ovs === undefined ? undefined : { ...ovs, topology, splitHorizon: true } }];
      }),
    ),
  };
}

/** JSON is YAML. The fake hosts' names and addresses become the lab's. */
function specOf({ hosts, networks }: Cluster): string {
  const spec = {
    ...{ version: 1, cluster: "drill" },
    hosts: Object.fromEntries(hosts.map(({ name }) => [name, { address: `10.99.0.${name.slice(1)}` }])),
    networks: Object.fromEntries(networks.map((network) => [network.name, networkOf(network)])),
  };
  return JSON.stringify(spec).replaceAll(/"h(\d)"/g, '"vm$1"');
}

function networkOf({ subnet, dataplane, addressing, egress, mtu }: Network): unknown {
  const { mode, slicePrefix, pins } = addressing;
  return {
    ...{ subnet, dataplane: dataplaneOf(dataplane), egress: egress.mode, docker: "none" },
    addressing: { mode, slicePrefix, hosts: pins },
    ...(mtu.bytes === undefined ? {} : { mtu: mtu.bytes }),
  };
}

function dataplaneOf(dataplane: DataplaneSpec): unknown {
  if (dataplane.type !== "ovs") return dataplane;
  const { type, tunnel, port, topology, loops, join } = dataplane as OvsSpec;
  const shape = topology.shape === "links" ? { links: topology.links } : { topology: topology.shape };
  return { type, tunnel, port, ...shape, loops, join };
}
