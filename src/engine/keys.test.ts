import { expect, test } from "vitest";
import type { WireguardSpec } from "../dataplanes/wireguard/schema.ts";
import type { NetworkShape } from "../../tests/fake/cluster-arbitrary.ts";
import { createFakeFleet, type FakeFleet } from "../../tests/fake/fake-fleet.ts";
import { PLAIN, toCluster } from "../../tests/fake/plan-case.ts";
import { forgetRemovedHosts } from "../../tests/fake/forget-removed-hosts.ts";
import type { Plan } from "../model/plan.ts";

/** A host has a key pair as long as something that was confirmed needs it, and its public half is in the lock. */
const PLANE: WireguardSpec = { type: "wireguard", behindNat: [], implementation: "kernel" };
const NETWORK: NetworkShape = { ...PLAIN, plane: PLANE, perHost: true };
const withKey = toCluster({ hosts: [1, 2, 3], networks: { 1: NETWORK, 2: PLAIN } });
const without = toCluster({ hosts: [1, 2, 3], networks: { 2: PLAIN } });

const keysOf = (fleet: FakeFleet): string[] => [...fleet.hosts.values()].flatMap(({ state }) => [...state.keys.values()].flat());
const pinned = ({ lock }: Plan): (string | undefined)[] => Object.values(lock!.hosts).map(({ prepared }) => prepared?.["wireguard-key"]);

test("keys are made once, are the ones that peers are told of, and go with the last network that needs them", async () => {
  const fleet = createFakeFleet(withKey.hosts);
  const plan = await fleet.plan(withKey);
  await fleet.apply(plan);
  const keys = keysOf(fleet);
  expect(new Set(keys).size).toBe(3);
  expect(pinned(plan)).toEqual(keys);
  const told = [...fleet.hosts.values()].map((host) => host.snapshot().links.flatMap(({ wireguard }) => wireguard?.peers ?? []));
  expect(told.map((peers) => peers.map(({ publicKey }) => publicKey))).toEqual(keys.map((own) => keys.filter((key) => key !== own).sort()));
  const smaller = await fleet.plan(without, plan.lock!);
  expect(keysOf(fleet)).toEqual(keys);
  await fleet.apply(smaller);
  expect(keysOf(fleet)).toEqual([]);
  expect(pinned(smaller)).toEqual([undefined, undefined, undefined]);
});

test("a first apply that goes back leaves no key, and one that goes back later leaves the key that was there", async () => {
  const fleet = createFakeFleet(withKey.hosts);
  const refuse = { verify: async () => [{ kind: "verify", doing: "x", what: "", where: "", why: "no", try: "" } as const] };
  expect((await fleet.apply(await fleet.plan(withKey), refuse)).outcome).toBe("reverted");
  expect(keysOf(fleet)).toEqual([]);
  const plan = await fleet.plan(withKey);
  await fleet.apply(plan);
  const keys = keysOf(fleet);
  expect((await fleet.apply(await fleet.plan(without, plan.lock!), refuse)).outcome).toBe("reverted");
  expect(keysOf(fleet)).toEqual(keys);
});

test("a host that leaves takes its key along, and the others forget it", async () => {
  const fleet = createFakeFleet(withKey.hosts);
  const plan = await fleet.plan(withKey);
  await fleet.apply(plan);
  const gone = fleet.hosts.get("h3")!.state.keys.values().next().value![0];
  const two = toCluster({ hosts: [1, 2], networks: { 1: NETWORK, 2: PLAIN } });
  const smaller = await fleet.plan(two, plan.lock!);
  await fleet.apply(smaller);
  expect(keysOf(fleet)).toHaveLength(2);
  expect(JSON.stringify([...fleet.hosts.values()].map((host) => host.snapshot()))).not.toContain(gone);
  expect((await fleet.destroy(forgetRemovedHosts(smaller))).problems).toEqual([]);
  expect(keysOf(fleet)).toEqual([]);
});

test("a host gets a new key when it is asked to, its peers are told, and the old one is thrown away", async () => {
  const fleet = createFakeFleet(withKey.hosts);
  const plan = await fleet.plan(withKey);
  await fleet.apply(plan);
  const [one, two, three] = keysOf(fleet);
  const renewed = await fleet.plan(withKey, plan.lock!, new Set(["h2"]));
  expect(keysOf(fleet)).toHaveLength(4); // beside the one in use
  const everybody = await fleet.plan(withKey, plan.lock!, new Set(["h1", "h2", "h3"])); // and never carried out: cut off
  expect(everybody.hosts.flatMap(({ steps }) => steps)).toHaveLength(3);
  expect((await fleet.plan(withKey, plan.lock!)).hosts.flatMap(({ steps }) => steps)).toEqual([]); // the one that is pinned counts
  expect(renewed.hosts.map(({ steps }) => steps.map(({ action, after }) => `${action} ${after?.kind}`))).toEqual([
    ["change wireguard"],
    ["change wireguard"],
    ["change wireguard"],
  ]);
  const refuse = { verify: async () => [{ kind: "verify", doing: "x", what: "", where: "", why: "no", try: "" } as const] };
  const before = fleet.dump();
  expect((await fleet.apply(renewed, refuse)).outcome).toBe("reverted");
  expect(fleet.dump()).toBe(before);
  expect(keysOf(fleet)).toEqual([one, two, three]);

  const again = await fleet.plan(withKey, plan.lock!, new Set(["h2"]));
  expect((await fleet.apply(again)).outcome).toBe("applied");
  const [, now] = keysOf(fleet);
  expect(now).not.toBe(two);
  expect(keysOf(fleet)).toEqual([one, now, three]);
  expect(pinned(again)).toEqual([one, now, three]);
  expect((await fleet.plan(withKey, again.lock!)).hosts.flatMap(({ steps }) => steps)).toEqual([]);
});
