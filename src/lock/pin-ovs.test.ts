import { numberOf } from "./pin-network.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatLock, parseLock } from "./lock-file.ts";
import type { Lock } from "../model/lock.ts";
import { pin, problemsOf } from "./pin-lock.fixture.ts";

const HOSTS = ["vm1", "vm2", "vm3", "vm4"];
const apps = (dataplane: string): string => `  apps: { subnet: 10.64.0.0/16, dataplane: ${dataplane} }`;
const pinApps = (dataplane: string, previous?: Lock, hosts = HOSTS): Lock => pin(hosts, previous, apps(dataplane)).lock;
const keyOf = (lock: Lock): number | undefined => numberOf(lock.networks["apps"]!);
const shapeOf = (lock: Lock): unknown => lock.networks["apps"]!.dataplane["shape"];

describe("the shape of an ovs network", () => {
  it.each([
    ["ovs", "vxlan mesh split-horizon"],
    ["{ type: ovs, tunnel: gre, topology: ring }", "gre ring rstp"],
    ["{ type: ovs, tunnel: gre, key: none, loops: stp }", "gre(keyless) mesh stp"],
    ["{ type: ovs, tunnel: geneve, topology: star, hub: vm2 }", "geneve star(vm2) none"],
    ["{ type: ovs, join: veth }", "vxlan mesh split-horizon veth"],
    ["{ type: ovs, links: [[vm4, vm3], [vm1, vm2], [vm2, vm3]], join: veth }", "vxlan links none veth vm1+vm2 vm2+vm3 vm3+vm4"],
    ["{ type: ovs, links: { nearest: 2 } }", "vxlan nearest(2) rstp"],
    ["{ type: ovs, links: [[vm4, vm3], [vm1, vm2], [vm2, vm3]] }", "vxlan links none vm1+vm2 vm2+vm3 vm3+vm4"],
    ["{ type: ovs, links: [[vm1, vm2], [vm2, vm3], [vm3, vm4]], loops: rstp }", "vxlan links rstp"],
  ])("%s: %s", (dataplane, shape) => {
    const lock = pinApps(dataplane);
    expect(shapeOf(lock)).toBe(shape);
    expect(parseLock(formatLock(lock), "f")).toEqual(lock);
    expect(pin(HOSTS, lock, apps(dataplane))).toEqual({ lock, changes: [], unmet: [] });
  });

  it("is none of a vxlan network, which keeps its number when it becomes one or the other", () => {
    const vxlan = pinApps("vxlan");
    expect(shapeOf(vxlan)).toBeUndefined();
    const ovs = pinApps("ovs", vxlan);
    expect([keyOf(ovs), shapeOf(ovs)]).toEqual([keyOf(vxlan), "vxlan mesh split-horizon"]);
    expect(pinApps("vxlan", ovs)).toEqual(vxlan);
  });
});

describe("the key of an ovs network", () => {
  it("is the user's, also when it changes, and stays when it is no longer written", () => {
    const five = pinApps("{ type: ovs, key: 5 }");
    expect(keyOf(five)).toBe(5);
    const six = pin(HOSTS, five, apps("{ type: ovs, key: 6 }"));
    expect(keyOf(six.lock)).toBe(6);
    expect(six.changes).toEqual(["network apps changes its key from 5 to 6"]);
    expect(keyOf(pinApps("ovs", six.lock))).toBe(6);
  });

  it("is one of its own also beside other data planes", () => {
    const networks = `${apps("ovs")}\n  data: { subnet: 10.65.0.0/16 }`;
    const before = pin(HOSTS, undefined, networks).lock;
    const taken = numberOf(before.networks["data"]!);
    expect(keyOf(before)).not.toBe(taken);
    expect(problemsOf(() => pin(HOSTS, before, `${apps(`{ type: ovs, key: ${taken} }`)}\n  data: { subnet: 10.65.0.0/16 }`))).toEqual([
      `9:62 input, networks.apps.dataplane.key: key ${taken} is locked for the network data -> choose another key, or leave it out`,
    ]);
  });

  it("is a number in the lock also for GRE without one", () => {
    expect(keyOf(pinApps("{ type: ovs, tunnel: gre, key: none }"))).toBeGreaterThan(0xf_ffff);
  });

  it("must change with the tunnels, when the user fixed it", () => {
    const mesh = pinApps("{ type: ovs, key: 5 }");
    expect(problemsOf(() => pinApps("{ type: ovs, key: 5, topology: ring }", mesh))).toEqual([
      "9:62 input, networks.apps.dataplane.key: the tunnels of apps change from vxlan mesh split-horizon to vxlan ring rstp while in use: both must stand side by side, which needs two keys -> change key too, or leave it out",
    ]);
    expect(keyOf(pinApps("{ type: ovs, key: 6, topology: ring }", mesh))).toBe(6);
    expect(keyOf(pinApps("{ type: ovs, topology: ring }", mesh))).toBeGreaterThan(0xf_ffff);
    const keyless = pinApps("{ type: ovs, tunnel: gre, key: none }");
    expect(problemsOf(() => pinApps("{ type: ovs, tunnel: gre, key: none, topology: ring }", keyless))).toEqual([
      "9:75 input, networks.apps.dataplane.key: the tunnels of apps change from gre(keyless) mesh split-horizon to gre(keyless) ring rstp while in use: both must stand side by side, which needs two keys -> leave key out, or write a number",
    ]);
    expect(keyOf(pinApps("{ type: ovs, tunnel: gre }, mtu: 1458", keyless))).not.toBe(keyOf(keyless));
  });

  it("stays while trees grow and shrink at their ends, and moves when a link does", () => {
    const chain = pinApps("{ type: ovs, links: [[vm1, vm2], [vm2, vm3]] }", undefined, ["vm1", "vm2", "vm3"]);
    const longer = pinApps("{ type: ovs, links: [[vm1, vm2], [vm2, vm3], [vm3, vm4]] }", chain);
    expect([keyOf(longer), shapeOf(longer)]).toEqual([keyOf(chain), "vxlan links none vm1+vm2 vm2+vm3 vm3+vm4"]);
    expect(keyOf(pinApps("{ type: ovs, links: [[vm2, vm3], [vm3, vm4]] }", longer, ["vm2", "vm3", "vm4"]))).toBe(keyOf(chain));
    // vm1 and vm3 are linked past vm2: together with the old links that is a loop
    expect(keyOf(pinApps("{ type: ovs, links: [[vm1, vm3], [vm3, vm4]] }", longer, ["vm1", "vm3", "vm4"]))).not.toBe(keyOf(chain));
    expect(keyOf(pinApps("{ type: ovs, links: [[vm1, vm3], [vm2, vm3]] }", chain, ["vm1", "vm2", "vm3"]))).not.toBe(keyOf(chain));
    // vm4 takes the place of vm2 in one step: for a moment both would join vm1 and vm3
    expect(keyOf(pinApps("{ type: ovs, links: [[vm1, vm4], [vm3, vm4]] }", chain, ["vm1", "vm3", "vm4"]))).not.toBe(keyOf(chain));
  });

  it("follows every change of shape and no change of hosts", () => {
    const dataplane = fc.constantFrom(
      "ovs",
      "{ type: ovs, tunnel: gre }",
      "{ type: ovs, tunnel: geneve }",
      "{ type: ovs, topology: ring }",
      "{ type: ovs, topology: ring, loops: stp }",
      "{ type: ovs, topology: star, hub: vm1 }",
      "{ type: ovs, links: { nearest: 2 } }",
      "{ type: ovs, links: { nearest: 4 } }",
      "{ type: ovs, loops: rstp }",
      "{ type: ovs, join: veth }",
    );
    const hosts = fc.subarray(["vm2", "vm3", "vm4", "vm5", "vm6"]).map((others) => ["vm1", ...others]);
    fc.assert(
      fc.property(fc.array(fc.record({ dataplane, hosts }), { minLength: 2, maxLength: 8 }), (history) => {
        let before: Lock | undefined;
        for (const step of history) {
          const dataplaneAndMtu = `${step.dataplane}, mtu: 1400`;
          const lock = pinApps(dataplaneAndMtu, before, step.hosts);
          if (before !== undefined) expect(keyOf(lock) === keyOf(before)).toBe(shapeOf(lock) === shapeOf(before));
          expect(pin(step.hosts, lock, apps(dataplaneAndMtu)).lock).toEqual(lock);
          before = lock;
        }
      }),
      { numRuns: 50 },
    );
  });
});

it("the MTU is what the tunnel leaves, and a pinned one is not shrunk", () => {
  const mtuOf = (lock: Lock): number => lock.networks["apps"]!.mtuBytes;
  expect(mtuOf(pinApps("ovs"))).toBe(1450);
  expect(mtuOf(pinApps("{ type: ovs, tunnel: gre }"))).toBe(1458);
  const keyless = pinApps("{ type: ovs, tunnel: gre, key: none }");
  expect(mtuOf(keyless)).toBe(1462);
  expect(problemsOf(() => pinApps("ovs", keyless))).toEqual([
    "9:9 input, networks.apps.mtu: the MTU is pinned, but 1462 bytes do not fit: 1500 (smallest underlay MTU) - 50 (vxlan over IPv4) = 1450 -> raise the underlay's MTU, or write a smaller mtu (containers must then be reconnected)",
  ]);
  expect(mtuOf(pinApps("{ type: ovs, tunnel: gre }", pinApps("ovs")))).toBe(1450);
});
