import { describe, expect, it } from "vitest";
import { SpanwireError } from "../model/problem.ts";
import { formatLock, lockPathOf, parseLock } from "./lock-file.ts";
import type { Lock } from "../model/lock.ts";

const LOCK: Lock = {
  version: 2,
  cluster: "test",
  uuid: "7a0d6c8e-2f8e-4e5b-9d0f-3f1b2a9c4d5e",
  hosts: { vm10: { index: 10, address: "192.0.2.10", ssh: "root@vm10" }, vm2: { index: 2, address: "192.0.2.2", ssh: "192.0.2.2" } },
  networks: {
    apps: {
      subnet: "10.64.0.0/12",
      dataplane: { type: "vxlan", vni: 1_234_567 },
      addressing: "slices",
      mtuBytes: 1450,
      slicePrefix: 20,
      slices: { vm10: "10.64.160.0/20", vm2: "10.64.32.0/20" },
    },
  },
  removedHosts: { vm1: { index: 1, address: "192.0.2.1", ssh: "192.0.2.1" } },
};

const whyNot = (text: string): string[] => {
  try {
    parseLock(text, "spanwire.lock");
  } catch (error) {
    if (error instanceof SpanwireError)
      return error.problems.map(({ at, what, why, try: advice }) => `${at?.file}: ${what}: ${why} -> ${advice}`);
    throw error;
  }
  return [];
};

describe("lock file", () => {
  it("reads what it writes, and writes equal locks as equal bytes", () => {
    const text = formatLock(LOCK);
    expect(parseLock(text, "f")).toEqual(LOCK);
    const reversed = { ...LOCK, hosts: Object.fromEntries(Object.entries(LOCK.hosts).toReversed()) };
    expect(formatLock(reversed)).toBe(text);
    expect(formatLock(parseLock(text, "f"))).toBe(text);
    expect(text.endsWith("}\n")).toBe(true);
    expect(text.indexOf('"vm2"')).toBeLessThan(text.indexOf('"vm10"'));
  });

  it("reads what versions before 0.2 wrote, and writes it in the new form", () => {
    const network = (number: object): object => ({
      version: 1,
      cluster: "test",
      uuid: LOCK.uuid,
      hosts: LOCK.hosts,
      networks: { apps: { subnet: "10.64.0.0/12", ...number, mtuBytes: 1450, slicePrefix: 20, slices: LOCK.networks["apps"]!.slices } },
      removedHosts: LOCK.removedHosts,
    });
    expect(parseLock(JSON.stringify(network({ vni: 1_234_567 })), "f")).toEqual(LOCK);
    const shape = "gre(keyless) ring rstp";
    const ovs = parseLock(JSON.stringify(network({ vni: 7, shape })), "f");
    expect(ovs.networks["apps"]!.dataplane).toEqual({ type: "ovs", key: 7, shape });
    expect(parseLock(formatLock(ovs), "f")).toEqual(ovs);
    expect(whyNot(JSON.stringify({ ...network({}), networks: { apps: 1 } }))).toHaveLength(1);
  });

  it("stands beside the spec", () => {
    expect(lockPathOf("dir/spanwire.yaml")).toBe("dir/spanwire.lock");
    expect(lockPathOf("prod.yml")).toBe("prod.lock");
    expect(lockPathOf("a.b/spec")).toBe("a.b/spec.lock");
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    "<<<<<<< HEAD\n{}",
    '{"version":3}',
    JSON.stringify({ ...LOCK, uuid: "x" }),
    JSON.stringify({ ...LOCK, extra: 1 }),
  ])("refuses %j", (text) => {
    const problems = whyNot(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems).toMatchSnapshot();
  });

  it("refuses one index for two hosts, living or removed, and one VNI for two networks", () => {
    const twice = { ...LOCK, hosts: { ...LOCK.hosts, vm3: { ...LOCK.hosts["vm2"]! } } };
    expect(whyNot(formatLock(twice))).toMatchInlineSnapshot(`
      [
        "spanwire.lock: vm3: its index 2 is also that of vm2 -> restore the file from version control; it is never edited by hand",
      ]
    `);
    expect(whyNot(formatLock({ ...LOCK, removedHosts: { vm1: LOCK.hosts["vm2"]! } }))).toMatchInlineSnapshot(`
      [
        "spanwire.lock: vm1: its index 2 is also that of vm2 -> restore the file from version control; it is never edited by hand",
      ]
    `);
    expect(whyNot(formatLock({ ...LOCK, networks: { ...LOCK.networks, b: LOCK.networks["apps"]! } }))).toMatchInlineSnapshot(`
      [
        "spanwire.lock: b: its VNI 1234567 is also that of apps -> restore the file from version control; it is never edited by hand",
      ]
    `);
    expect(whyNot(formatLock({ ...LOCK, removedHosts: { vm2: { ...LOCK.hosts["vm2"]!, index: 7 } } }))).toMatchInlineSnapshot(`
      [
        "spanwire.lock: vm2: it is listed as a host and as removed -> restore the file from version control; it is never edited by hand",
      ]
    `);
  });
});
