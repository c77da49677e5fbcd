import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { toCluster, type ClusterShape } from "../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet, type FakeFleet } from "../../tests/fake/fake-fleet.ts";
import { PLAIN, problemsOf, THREE_HOSTS } from "../../tests/fake/plan-case.ts";
import { digestLock, formatLock } from "../lock/lock-file.ts";
import { planIdOf, type Plan } from "../model/plan.ts";
import type { Problem } from "../model/problem.ts";
import type { Transport } from "../transport/connection.ts";
import { applyCluster } from "./apply-cluster.ts";
import { applyPlan, type ApplyResult } from "./apply-plan.ts";
import { openLockStore } from "./lock-store.ts";
import { makePlan, type PlannedHosts } from "./make-plan.ts";
import type { Session } from "./session.ts";

/** A cluster with its lock in a folder of its own, on hosts in memory. */
class Desk {
  readonly path: string;
  readonly fleet: FakeFleet;
  transport: Transport;

  constructor(folder: string, shape: ClusterShape, mtuBytes?: number) {
    this.path = join(folder, "spanwire.lock");
    this.fleet = createFakeFleet(toCluster(shape).hosts, mtuBytes);
    this.transport = this.fleet.transport;
  }

  async session(shape: ClusterShape): Promise<Session> {
    const locks = openLockStore(this.path);
    const spec = { cluster: toCluster(shape), warnings: [], locate: () => ({ file: "spanwire.yaml", line: 1, column: 1 }) };
    return { spec, locks, lock: await locks.read(), transport: this.transport };
  }

  /** The plan, with the hosts it was made from; nobody holds a conversation open. */
  async plan(shape: ClusterShape): Promise<PlannedHosts> {
    const planned = await makePlan(await this.session(shape));
    onTestFinished(() => planned.gathered.close());
    return planned;
  }

  async apply(shape: ClusterShape, failures: readonly Problem[] = [], planned?: PlannedHosts): Promise<ApplyResult> {
    return applyCluster(planned ?? (await this.plan(shape)), await this.session(shape), {
      ...{ operator: "tester", verify: false, onProgress: () => {}, onStanding: () => {} },
      act: (input) => applyPlan({ ...input, verify: async () => failures }),
    });
  }

  text(): Promise<string> {
    return readFile(this.path, "utf8").catch(() => "none");
  }
}

async function deskOf(shape: ClusterShape, mtuBytes?: number): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), "spanwire-engine-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return new Desk(folder, shape, mtuBytes);
}

const stepsOf = ({ plan }: { plan: Plan }): string[] => plan.hosts.flatMap(({ host, steps }) => steps.map(({ key }) => `${host} ${key}`));
const BROKEN: Problem = { kind: "verify", doing: "measuring", what: "h1 to h2", where: "h1", why: "no answer", try: "look" };

const ovs = { tunnel: "vxlan", tree: "rstp", splitHorizon: true } as const;
const MESH: ClusterShape = { hosts: [1, 2, 3], networks: { 1: { ...PLAIN, ovs: { ...ovs, topology: "mesh" } } } };
const RING: ClusterShape = { hosts: [1, 2, 3], networks: { 1: { ...PLAIN, ovs: { ...ovs, topology: "ring", splitHorizon: false } } } };

test("D1: a change that all hosts took back leaves the lock as it was: with the file set back there is nothing to do", async () => {
  const desk = await deskOf(MESH);
  expect((await desk.apply(MESH)).outcome).toBe("applied");
  const before = await desk.text();
  expect((await desk.apply(RING, [BROKEN])).outcome).toBe("reverted");
  expect(await desk.text()).toBe(before);
  expect(stepsOf(await desk.plan(MESH))).toEqual([]);
});

test("D1: an MTU that was tried, taken back and deleted from the file is forgotten", async () => {
  const narrow: ClusterShape = { hosts: [1, 2, 3], networks: { 1: { ...PLAIN, mtu: 1300 } } };
  const desk = await deskOf(THREE_HOSTS);
  await desk.apply(THREE_HOSTS);
  expect((await desk.apply(narrow, [BROKEN])).outcome).toBe("reverted");
  const again = await desk.plan(THREE_HOSTS);
  expect(stepsOf(again)).toEqual([]);
  expect(again.plan.lock?.networks["n1"]?.mtuBytes).toBe(1450);
});

test("D1: a first apply that was taken back leaves no lock at all", async () => {
  const desk = await deskOf(THREE_HOSTS);
  expect((await desk.apply(THREE_HOSTS, [BROKEN])).outcome).toBe("reverted");
  expect(await desk.text()).toBe("none");
});

test("D3: a saved plan does not overwrite a lock that is newer than it", async () => {
  const desk = await deskOf(THREE_HOSTS);
  await desk.apply(THREE_HOSTS);
  const wider: ClusterShape = { hosts: [1, 2, 3], networks: { 1: PLAIN, 2: PLAIN } };
  const saved = await desk.plan(wider);
  const other: ClusterShape = { hosts: [1, 2, 3], networks: { 1: PLAIN, 3: PLAIN } };
  expect((await desk.apply(other)).outcome).toBe("applied");
  const newer = await desk.text();
  const [problem] = await problemsOf(desk.apply(wider, [], saved));
  expect(problem).toMatchObject({ kind: "conflict", why: "somebody else has written it since this plan was made" });
  expect(await desk.text()).toBe(newer);
  expect(stepsOf(await desk.plan(other))).toEqual([]);
});

test("D3: a plan carries the networks it was made for", async () => {
  const desk = await deskOf(THREE_HOSTS);
  const { plan } = await desk.plan(THREE_HOSTS);
  expect(plan.networks.map(({ name, mtuBytes, pin }) => [name, mtuBytes, pin.type])).toEqual([["n1", 1450, "vxlan"]]);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan); // also when it was saved
});

test("D4: a first apply that reaches no host pins nothing", async () => {
  const desk = await deskOf(THREE_HOSTS, 9000);
  const dead: Transport = { ...desk.transport, open: async ({ name }) => Promise.reject(new Error(`${name} is down`)) };
  desk.transport = dead;
  const problems = await problemsOf(desk.apply(THREE_HOSTS));
  expect(problems.map(({ why }) => why).join("; ")).toContain("no host of the cluster could be read");
  expect(await desk.text()).toBe("none");
  desk.transport = desk.fleet.transport;
  await desk.apply(THREE_HOSTS);
  expect((await desk.plan(THREE_HOSTS)).plan.lock?.networks["n1"]?.mtuBytes).toBe(8950);
});

test("D2: what a host cannot do now is a refusal in the plan, beside everything else that was seen", async () => {
  const desk = await deskOf(THREE_HOSTS);
  await desk.apply(THREE_HOSTS);
  const host = desk.fleet.hosts.get("h2")!;
  const { snapshot } = host;
  host.snapshot = () => ({ ...snapshot(), docker: { state: "absent", reason: "Docker does not answer" } });
  desk.fleet.hosts.get("h3")!.kernel.fdb = [];
  const { plan } = await desk.plan(THREE_HOSTS);
  expect(plan.refusals).toEqual([expect.objectContaining({ where: "h2", why: "Docker does not answer" })]);
  expect(plan.hosts.map(({ unseen }) => unseen)).toEqual([[], ["Docker: Docker does not answer"], []]);
  expect(stepsOf({ plan }).every((line) => line.startsWith("h3 "))).toBe(true); // no Docker network is said to be missing
  expect(stepsOf({ plan }).length).toBeGreaterThan(0);
  expect(await problemsOf(desk.apply(THREE_HOSTS))).toEqual(plan.refusals);
});

test("D6: a lock that is being changed is kept beside the new one, both whole, until the hosts have agreed", async () => {
  const desk = await deskOf(THREE_HOSTS);
  await desk.apply(THREE_HOSTS);
  const before = await desk.text();
  const { plan } = await desk.plan({ hosts: [1, 2, 3], networks: { 1: PLAIN, 2: PLAIN } });
  const locks = openLockStore(desk.path);
  await locks.begin({ planId: "p", before: plan.lockBefore, next: plan.lock! });
  expect(await desk.text()).toBe(formatLock(plan.lock!));
  expect(formatLock((await locks.findPending())!.former!)).toBe(before);
  await locks.rollback();
  expect(await desk.text()).toBe(before);
  expect(await readdir(join(desk.path, ".."))).toEqual(["spanwire.lock"]);
});

test("D3: while a change of the lock is under way, another is refused and takes nothing of it away", async () => {
  const desk = await deskOf(THREE_HOSTS);
  const [first, second] = [openLockStore(desk.path), openLockStore(desk.path)];
  const { plan } = await desk.plan(THREE_HOSTS);
  const change = { before: plan.lockBefore, next: plan.lock! };
  const both = await Promise.allSettled([first.begin({ planId: "a", ...change }), second.begin({ planId: "b", ...change })]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const winner = both[0].status === "fulfilled" ? "a" : "b";
  expect(await first.findPending()).toEqual({ planId: winner, former: null });
  const [problem] = await problemsOf(second.begin({ planId: "c", before: digestLock(plan.lock!), next: plan.lock! }));
  expect(problem!.why).toContain(`plan ${winner} is under way there`);
  await first.rollback();
  expect(await desk.text()).toBe("none");
  expect(await readdir(join(desk.path, ".."))).toEqual([]);
});

test("a change of the lock that was cut off is settled by what the hosts say", async () => {
  const wider: ClusterShape = { hosts: [1, 2, 3], networks: { 1: PLAIN, 2: PLAIN } };
  for (const isDone of [false, true]) {
    const desk = await deskOf(THREE_HOSTS);
    await desk.apply(THREE_HOSTS);
    const before = await desk.text();
    const { plan } = await desk.plan(wider);
    const locks = openLockStore(desk.path);
    const planId = isDone ? await carriedOut(desk, plan) : "0123456789abcdef";
    await locks.begin({ planId, before: plan.lockBefore, next: plan.lock! });
    // whoever only looks writes nothing, and sees the right one
    const seen = await desk.plan(isDone ? wider : THREE_HOSTS);
    expect(stepsOf(seen)).toEqual([]);
    expect(await locks.findPending()).toBeDefined();
    const settled = await makePlan(await desk.session(isDone ? wider : THREE_HOSTS), undefined, { settleAs: "tester" });
    await settled.gathered.close();
    expect(settled.gathered.settled.join()).toContain(`plan ${planId} had been cut off`);
    expect(await locks.findPending()).toBeUndefined();
    expect(await desk.text()).toBe(isDone ? formatLock(plan.lock!) : before);
  }
});

/** The hosts have done a plan whose operator vanished before the lock was settled. */
async function carriedOut(desk: Desk, plan: Plan): Promise<string> {
  const result = await desk.fleet.apply(plan);
  expect(result.outcome).toBe("applied");
  return planIdOf(plan);
}

test("a lock of an earlier version is written anew by an apply with nothing to do", async () => {
  const desk = await deskOf(THREE_HOSTS);
  await desk.apply(THREE_HOSTS);
  const lock = JSON.parse(await desk.text()) as { networks: Record<string, { dataplane: { vni: number } }> };
  const networks = Object.entries(lock.networks).map(([name, { dataplane, ...rest }]) => [name, { ...rest, vni: dataplane.vni }]);
  await writeFile(desk.path, JSON.stringify({ ...lock, version: 1, networks: Object.fromEntries(networks) }));
  expect((await desk.apply(THREE_HOSTS)).outcome).toBe("nothing-to-do");
  expect(JSON.parse(await desk.text())).toEqual(lock);
});
