import { expect, test } from "vitest";
import { toCluster } from "../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet } from "../../tests/fake/fake-fleet.ts";
import { PLAIN, problemsOf, THREE_HOSTS } from "../../tests/fake/plan-case.ts";
import type { Cluster } from "../model/cluster.ts";
import type { Lock } from "../model/lock.ts";
import { forgetHost } from "./forget-host.ts";
import type { LockStore } from "./lock-store.ts";
import type { Session } from "./session.ts";

const three = toCluster(THREE_HOSTS);
const two = { ...three, hosts: three.hosts.slice(0, 2) };

/** Three hosts were applied, and one of them is no longer in the file. */
async function scene(file: Cluster = two): Promise<{ session: Session; kept: () => Lock | null | undefined }> {
  const fleet = createFakeFleet(three.hosts);
  const lock = (await fleet.plan(three)).lock!;
  let kept: Lock | null | undefined;
  const locks: LockStore = {
    read: async () => lock,
    requireWritable: async () => {},
    begin: async () => true,
    commit: async (final) => void (kept = final),
    rollback: async () => {},
    findPending: async () => undefined,
  };
  const spec = { cluster: file, warnings: [], locate: () => ({ file: "spanwire.yaml", line: 1, column: 1 }) };
  return { session: { spec, locks, lock, transport: fleet.transport }, kept: () => kept };
}

test("a host that left the file goes out of the lock with its slices, and the next plan waits for nobody", async () => {
  const { session, kept } = await scene();
  await forgetHost(session, "h3");
  const lock = kept()!;
  expect(Object.keys({ ...lock.hosts, ...lock.removedHosts })).toEqual(["h1", "h2"]);
  expect(Object.values(lock.networks).every(({ slices }) => slices["h3"] === undefined)).toBe(true);
  const plan = await createFakeFleet(two.hosts).plan(two, lock);
  expect([plan.lock!.removedHosts, plan.warnings]).toEqual([{}, []]);
});

test("a host of the file, and one that nobody knows, are not forgotten", async () => {
  const { session, kept } = await scene(three);
  expect(await problemsOf(forgetHost(session, "h3"))).toMatchObject([{ kind: "input", why: "the file has this host" }]);
  expect(await problemsOf(forgetHost(session, "h9"))).toMatchObject([{ why: "the lock has no such host", try: "known are h1, h2, h3" }]);
  expect(kept()).toBeUndefined();
});

test("its number and slices are free again", async () => {
  const { session, kept } = await scene();
  await forgetHost(session, "h3");
  const joined = toCluster({ hosts: [1, 2, 4], networks: { 1: PLAIN } });
  const plan = await createFakeFleet(joined.hosts).plan(joined, kept()!);
  expect(plan.lock!.hosts["h4"]!.index).toBe(3);
});
