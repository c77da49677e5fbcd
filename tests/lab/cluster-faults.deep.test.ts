import { existsSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { Footprint } from "../footprint/normalise-footprint.ts";
import { createClusterLab, footprintChanges, hostLines, type ClusterLab } from "./cluster-lab.ts";

/**
 * Every step of every host fails once, and every host must end as before. In CI each step fails at one moment, chosen by
 * its place; SPANWIRE_DRILL=1 takes all three.
 */
const MOMENTS = ["before", "inside", "after"] as const;
const isDrill = process.env["SPANWIRE_DRILL"] === "1";
const DRILL_TIMEOUT_MS = isDrill ? 1_200_000 : 300_000;

/** Of one fault's differences. */
const SHOWN = 5;

const labs: ClusterLab[] = [];
afterAll(async () => {
  for (const cluster of labs) await cluster.down();
});

async function createLab(docker: "none" | "host", hosts: number, spec: string): Promise<ClusterLab> {
  const cluster = await createClusterLab({ docker, hosts, spec });
  labs.push(cluster);
  for (let index = 1; index <= hosts; index++) await cluster.on(`vm${index}`, "sysctl", "-qw", "net.ipv4.ip_forward=0");
  return cluster;
}

interface Fault {
  host: string;
  stepId: string;
  moment: (typeof MOMENTS)[number];
}

/** A fault for every step of the stages that can be undone. */
async function findFaults(cluster: ClusterLab): Promise<Fault[]> {
  const { hosts } = await cluster.plan();
  const steps = hosts.flatMap(({ host, steps: all }) =>
    all.filter((step) => step.stage !== "remove").map((step) => ({ host, stepId: step.id })),
  );
  return steps.flatMap((step, index) => {
    const moments = isDrill ? MOMENTS : [MOMENTS[index % MOMENTS.length] ?? "after"];
    return moments.map((moment) => ({ ...step, moment }));
  });
}

/** One apply with a fault; what was not as it should be, in words. */
async function drill(cluster: ClusterLab, { host, stepId, moment }: Fault, before: Record<string, Footprint>): Promise<string[]> {
  const hadLock = existsSync(cluster.lockPath);
  const result = await cluster.spanwire(["apply", "--yes", "--no-verify"], { SPANWIRE_FAULT: `${host}/${stepId}=${moment}` });
  const wrong = [
    ...(result.exitCode === 1 ? [] : [`exit ${result.exitCode}`]),
    ...(result.stderr.includes(`on ${host}: injected fault ${moment} step ${stepId}`) ? [] : [`the fault is not named: ${result.stderr}`]),
    ...(result.stderr.includes("Nothing was changed: every host is as before.") ? [] : [`it does not say so: ${result.stderr}`]),
    ...(existsSync(cluster.lockPath) === hadLock ? [] : ["the lock of a cluster that never came to be"]),
    ...footprintChanges(before, await cluster.footprints()).slice(0, SHOWN),
  ];
  return wrong.map((text) => `${host}/${stepId}=${moment}: ${text}`);
}

/** Journals stay: they are the record of what was tried, and not what the host does. */
const withoutJournals = (footprints: Record<string, Footprint>): Record<string, Footprint> =>
  Object.fromEntries(
    Object.entries(footprints).map(([host, footprint]) => [
      host,
      { ...footprint, stateFiles: footprint.stateFiles.filter((path) => !path.startsWith("journal/")) },
    ]),
  );

async function drillAll(cluster: ClusterLab, keepJournals: boolean): Promise<number> {
  const read = async (): Promise<Record<string, Footprint>> =>
    keepJournals ? withoutJournals(await cluster.footprints()) : cluster.footprints();
  const faults = await findFaults(cluster);
  const before = await read();
  const wrong: string[] = [];
  for (const fault of faults) wrong.push(...(await drill({ ...cluster, footprints: read }, fault, before)));
  expect(wrong).toEqual([]);
  return faults.length;
}

const spec = (hosts: number, port: number): string => `
version: 1
cluster: drill
hosts:
${hostLines(hosts)}
networks:
  apps: { subnet: 10.64.0.0/16, dataplane: { type: vxlan, port: ${port} }, docker: none }
  data: { subnet: 10.80.0.0/16, docker: none }
`;

describe("without Docker", () => {
  let cluster: ClusterLab;

  test(
    "first apply: every step of every host fails once, all hosts end as before, no lock is left",
    { timeout: DRILL_TIMEOUT_MS },
    async () => {
      cluster = await createLab("none", 4, spec(3, 8472));
      const count = await drillAll(cluster, false);
      expect(count).toBeGreaterThanOrEqual(3 * 14);
      console.log(`first apply: ${count} faults`);
    },
  );

  test(
    "a change: a host joins and a port moves; every step fails once, all hosts end as before",
    { timeout: DRILL_TIMEOUT_MS },
    async () => {
      await cluster.must("apply", "--yes");
      await cluster.writeSpec(spec(4, 8473));
      const count = await drillAll(cluster, true);
      expect(count).toBeGreaterThanOrEqual(3 * 6 + 14);
      console.log(`change: ${count} faults`);
    },
  );

  test("stage remove, after the confirm: nothing goes back, and the next apply converges", { timeout: DRILL_TIMEOUT_MS }, async () => {
    const { hosts } = await cluster.plan();
    const faults = hosts.flatMap(({ host, steps }) =>
      steps.filter((step) => step.stage === "remove").map((step) => ({ host, stepId: step.id })),
    );
    expect(faults.length).toBeGreaterThanOrEqual(3);
    for (const [index, { host, stepId }] of faults.entries()) {
      const result = await cluster.spanwire(["apply", "--yes", "--no-verify"], {
        SPANWIRE_FAULT: `${host}/${stepId}=${MOMENTS[index % MOMENTS.length]}`,
      });
      expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining(`${host}: NOT as before (injected fault`)]);
      for (const other of hosts) if (other.host !== host) expect(result.stderr).toContain(`${other.host}: as the file says`);
      await cluster.must("apply", "--yes", "--no-verify");
      expect(await cluster.planKeys()).toEqual({});
      await cluster.writeSpec(spec(4, index % 2 === 0 ? 8472 : 8473)); // the way back is a change of the same kind
    }
  });
});

test("with Docker: steps of its networks fail once each, all hosts end as before", { timeout: DRILL_TIMEOUT_MS }, async () => {
  // slices of 16 addresses: the sweep asks for 8
  const cluster = await createLab(
    "host",
    3,
    `
version: 1
cluster: drill
hosts:
${hostLines(3)}
networks:
  apps: { subnet: 10.64.0.0/24, addressing: { slicePrefix: 28 } }
  data: { subnet: 10.80.0.0/24, addressing: { slicePrefix: 28 } }
`,
  );
  const before = await cluster.footprints();
  const { hosts } = await cluster.plan();
  const steps = hosts.flatMap(({ host, steps: all }) =>
    all.filter((step) => step.key.startsWith("docker-network/")).map((step) => ({ host, stepId: step.id })),
  );
  expect(steps).toHaveLength(6);
  const moments = isDrill ? MOMENTS : (["after"] as const);
  for (const step of steps) for (const moment of moments) expect(await drill(cluster, { ...step, moment }, before)).toEqual([]);
});
