import { numberOf } from "./pin-network.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { containsPrefix, overlapsPrefix } from "../net/prefix.ts";
import { formatLock, parseLock } from "./lock-file.ts";
import type { Lock } from "../model/lock.ts";
import { pin, problemsOf } from "./pin-lock.fixture.ts";

describe("pinLock", () => {
  it("pins a new cluster, and a second time changes nothing", () => {
    const first = pin(["vm1", "vm2"]);
    expect(first.lock).toEqual({
      version: 2,
      cluster: "test",
      uuid: "7a0d6c8e-2f8e-4e5b-9d0f-3f1b2a9c4d5e",
      hosts: { vm1: { index: 1, address: "192.0.2.2", ssh: "192.0.2.2" }, vm2: { index: 2, address: "192.0.2.3", ssh: "192.0.2.3" } },
      networks: {
        apps: {
          subnet: "10.64.0.0/12",
          dataplane: { type: "vxlan", vni: numberOf(first.lock.networks["apps"]!) },
          addressing: "slices",
          mtuBytes: 1450,
          slicePrefix: 20,
          slices: { vm1: "10.64.16.0/20", vm2: "10.64.32.0/20" },
        },
      },
      removedHosts: {},
    });
    expect(numberOf(first.lock.networks["apps"]!)).toBeGreaterThanOrEqual(0x100000);
    expect(numberOf(first.lock.networks["apps"]!)).toBeLessThanOrEqual(0xffffff);
    const second = pin(["vm1", "vm2"], first.lock, undefined, { uuid: "another", underlayMtuBytes: 9000 });
    expect(second).toEqual({ lock: first.lock, changes: [], unmet: [] });
  });

  it("renumbers nobody when hosts come and go", () => {
    const three = pin(["vm1", "vm2", "vm3"]).lock;
    const without = pin(["vm1", "vm3"], three);
    expect(without.changes).toEqual(["host vm2 leaves; index 2 stays taken until its clean-up was seen"]);
    expect(without.lock.removedHosts).toEqual({ vm2: three.hosts["vm2"] });
    expect(without.lock.networks["apps"]!.slices).toEqual(three.networks["apps"]!.slices);

    const added = pin(["vm1", "vm3", "vm0"], without.lock);
    expect(added.lock.hosts["vm0"]!.index).toBe(4);
    expect(added.lock.networks["apps"]!.slices["vm0"]).toBe("10.64.64.0/20");

    const returned = pin(["vm1", "vm2", "vm3"], without.lock);
    expect(returned.lock).toEqual(three);
    expect(returned.changes).toEqual(["host vm2 returns with its index 2"]);
  });

  it("gives index and slice away once the tombstone is gone", () => {
    const without = pin(["vm1", "vm3"], pin(["vm1", "vm2", "vm3"]).lock).lock;
    const cleaned: Lock = { ...without, removedHosts: {} };
    const added = pin(["vm1", "vm3", "vm9"], cleaned).lock;
    expect(added.hosts["vm9"]!.index).toBe(2);
    expect(added.networks["apps"]!.slices).toEqual({ vm1: "10.64.16.0/20", vm3: "10.64.48.0/20", vm9: "10.64.32.0/20" });
  });

  it("says a host's new address, a network's new VNI and MTU", () => {
    const before = pin(["vm1"], undefined, "  apps: { subnet: 10.64.0.0/12, dataplane: { type: vxlan, vni: 5 } }").lock;
    const moved: Lock = { ...before, hosts: { vm1: { index: 1, address: "192.0.2.99", ssh: "root@old" } } };
    const { changes, lock } = pin(["vm1"], moved, "  apps: { subnet: 10.64.0.0/12, mtu: 1400, dataplane: { type: vxlan, vni: 6 } }");
    expect(changes).toEqual([
      "host vm1 moves from 192.0.2.99 to 192.0.2.2",
      "host vm1 is reached by 192.0.2.2 instead of root@old",
      "network apps changes its VNI from 5 to 6",
      "network apps changes its MTU from 1450 to 1400",
    ]);
    expect(lock.networks["apps"]).toMatchObject({ dataplane: { vni: 6 }, mtuBytes: 1400 });
    // What was explicit once stays when it is no longer written.
    expect(pin(["vm1"], lock).lock.networks["apps"]).toMatchObject({ dataplane: { vni: 6 }, mtuBytes: 1400 });
  });

  it("lets a subnet grow around its slices, and drops networks that left", () => {
    const before = pin(["vm1"], undefined, "  apps: { subnet: 10.64.0.0/16 }\n  data: { subnet: 10.80.0.0/16 }").lock;
    const { lock, changes } = pin(["vm1", "vm2"], before, "  apps: { subnet: 10.64.0.0/12, addressing: { slicePrefix: 26 } }");
    expect(changes).toEqual([
      "host vm2 joins with index 2",
      "network apps changes its subnet from 10.64.0.0/16 to 10.64.0.0/12",
      "network apps gives new hosts /26 slices instead of /24; the present ones stay",
      "host vm2 gets 10.64.0.128/26 of network apps",
      "network data leaves the lock",
    ]);
    expect(lock.networks["apps"]!.slices).toEqual({ vm1: "10.64.1.0/24", vm2: "10.64.0.128/26" });
  });

  it("refuses what would renumber containers, all of it at once", () => {
    const before = pin(["vm1", "vm2"], undefined, "  apps: { subnet: 10.64.0.0/16 }\n  data: { subnet: 10.80.0.0/16 }").lock;
    const networks =
      "  apps: { subnet: 10.65.0.0/16 }\n  data: { subnet: 10.80.0.0/16, addressing: { hosts: { vm1: 10.80.9.0/24, vm3: 10.80.2.0/25 } } }";
    expect(problemsOf(() => pin(["vm1", "vm2", "vm3"], before, networks))).toMatchInlineSnapshot(`
      [
        "8:19 input, networks.apps.subnet: 10.65.0.0/16 leaves out locked slices with addresses in use: 10.64.1.0/24 of vm1, 10.64.2.0/24 of vm2 -> keep a subnet that contains them, or add a second network and move the containers",
        "9:61 input, networks.data.addressing.hosts.vm1: vm1 already has 10.80.1.0/24, and moving it to 10.80.9.0/24 would renumber its containers -> write 10.80.1.0/24, or remove the pin",
        "9:80 input, networks.data.addressing.hosts.vm3: 10.80.2.0/25 overlaps 10.80.2.0/24, locked for vm2 -> pin a slice that is free",
      ]
    `);
  });

  it("refuses a VNI that another network has locked", () => {
    const before = pin(["vm1"]).lock;
    const taken = numberOf(before.networks["apps"]!);
    const networks = `  apps: { subnet: 10.64.0.0/12 }\n  aaa: { subnet: 10.80.0.0/16, dataplane: { type: vxlan, vni: ${taken} } }`;
    expect(problemsOf(() => pin(["vm1"], before, networks))).toEqual([
      `7:63 input, networks.aaa.dataplane.vni: VNI ${taken} is locked for the network apps -> choose another VNI, or leave it out`,
    ]);
  });

  it("refuses an MTU the underlay does not carry, also a pinned one", () => {
    const before = pin(["vm1"]).lock;
    expect(problemsOf(() => pin(["vm1"], before, undefined, { underlayMtuBytes: 1400 }))).toMatchInlineSnapshot(`
      [
        "6:9 input, networks.apps.mtu: the MTU is pinned, but 1450 bytes do not fit: 1400 (smallest underlay MTU) - 50 (vxlan over IPv4) = 1350 -> raise the underlay's MTU, or write a smaller mtu (containers must then be reconnected)",
      ]
    `);
    expect(problemsOf(() => pin(["vm1"], undefined, "  apps: { subnet: 10.64.0.0/12, mtu: 1480 }"))).toMatchInlineSnapshot(`
      [
        "6:38 input, networks.apps.mtu: 1480 bytes do not fit: 1500 (smallest underlay MTU) - 50 (vxlan over IPv4) = 1450 -> write mtu: 1450, or leave it out",
      ]
    `);
  });

  it("refuses hosts for whom no slice is left, and another cluster's lock", () => {
    const narrow = "  apps: { subnet: 10.64.0.0/27 }";
    const before = pin(["vm1", "vm2"], undefined, narrow).lock;
    // vm2's slice stays taken while its clean-up is not seen, so vm3 finds none.
    expect(problemsOf(() => pin(["vm1", "vm3"], before, narrow))).toMatchInlineSnapshot(`
      [
        "7:19 input, networks.apps.subnet: every /28 slice of 10.64.0.0/27 is pinned, locked or taken; none is left for vm3 -> use a wider subnet, or a larger slicePrefix for new slices",
      ]
    `);
    expect(problemsOf(() => pin(["vm1"], { ...before, cluster: "other" }))).toMatchInlineSnapshot(`
      [
        "2:10 input, the lock: it belongs to the cluster other, and the file describes test -> give the file its former cluster name, or move the lock of the other cluster away",
      ]
    `);
  });

  it("keeps VNIs apart when the hash gives one twice", () => {
    const wanted = numberOf(pin(["vm1"]).lock.networks["apps"]!);
    const { lock } = pin(
      ["vm1"],
      undefined,
      `  apps: { subnet: 10.64.0.0/12 }\n  zed: { subnet: 10.80.0.0/16, dataplane: { type: vxlan, vni: ${wanted} } }`,
    );
    expect(numberOf(lock.networks["zed"]!)).toBe(wanted);
    expect(numberOf(lock.networks["apps"]!)).not.toBe(wanted);
  });

  it("keeps every pinned number through any history of hosts", () => {
    const names = ["vm1", "vm2", "vm3", "vm4", "vm5", "vm6"];
    fc.assert(
      fc.property(fc.array(fc.subarray(names, { minLength: 1 }), { minLength: 1, maxLength: 8 }), (history) => {
        let lock: Lock | undefined;
        for (const hosts of history) {
          const { lock: next } = pin(hosts, lock, "  apps: { subnet: 10.64.0.0/24 }");
          for (const [name, host] of Object.entries(lock?.hosts ?? {}))
            expect((next.hosts[name] ?? next.removedHosts[name])?.index).toBe(host.index);
          for (const [name, slice] of Object.entries(lock?.networks["apps"]?.slices ?? {}))
            expect(next.networks["apps"]!.slices[name]).toBe(slice);
          const slices = Object.values(next.networks["apps"]!.slices);
          for (const [i, slice] of slices.entries()) {
            expect(containsPrefix("10.64.0.0/24", slice)).toBe(true);
            expect(slices.slice(i + 1).some((other) => overlapsPrefix(slice, other))).toBe(false);
          }
          expect(parseLock(formatLock(next), "f")).toEqual(next);
          lock = next;
        }
      }),
      { numRuns: 50 },
    );
  });
});
