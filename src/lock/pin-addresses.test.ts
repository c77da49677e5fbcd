import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { overlapsPrefix } from "../net/prefix.ts";
import { formatLock, parseLock } from "./lock-file.ts";
import type { Lock } from "../model/lock.ts";
import { pin, problemsOf } from "./pin-lock.fixture.ts";

const HOSTS = ["vm1", "vm2", "vm3"];
const apps = (fields: string, subnet = "10.64.0.0/16"): string => `  apps: { subnet: ${subnet}, ${fields} }`;
const pinApps = (fields: string, previous?: Lock, hosts = HOSTS): Lock => pin(hosts, previous, apps(fields)).lock;

describe("per-host addressing", () => {
  const perHost = "addressing: { mode: per-host }";

  it("keeps the start of the subnet for the hosts' overlay addresses", () => {
    const lock = pinApps(perHost);
    expect(lock.networks["apps"]).toMatchObject({
      overlay: "10.64.0.0/24",
      slicePrefix: 24,
      slices: { vm1: "10.64.1.0/24", vm2: "10.64.2.0/24", vm3: "10.64.3.0/24" },
    });
    expect(parseLock(formatLock(lock), "f")).toEqual(lock);
    expect(pin(HOSTS, lock, apps(perHost))).toEqual({ lock, changes: [], unmet: [] });
    expect(pinApps("addressing: { mode: slices }").networks["apps"]).not.toHaveProperty("overlay");
  });

  it("makes it wide enough for twice the hosts, or takes the user's", () => {
    const many = Array.from({ length: 200 }, (_, i) => `vm${i + 1}`);
    const wide = pinApps(perHost, undefined, many).networks["apps"]!;
    expect([wide.overlay, wide.slicePrefix]).toEqual(["10.64.0.0/23", 25]);
    expect(Object.values(wide.slices).filter((slice) => overlapsPrefix(slice, wide.overlay!))).toEqual([]);
    const own = pinApps("addressing: { mode: per-host, overlay: 10.64.1.0/29 }").networks["apps"]!;
    expect(own).toMatchObject({ overlay: "10.64.1.0/29", slices: { vm1: "10.64.4.0/24", vm2: "10.64.2.0/24", vm3: "10.64.3.0/24" } });
  });

  it("moves neither overlay nor slices through any history of hosts", () => {
    const names = ["vm1", "vm2", "vm3", "vm4", "vm5", "vm6"];
    fc.assert(
      fc.property(fc.array(fc.subarray(names, { minLength: 1 }), { minLength: 1, maxLength: 8 }), (history) => {
        let lock: Lock | undefined;
        for (const hosts of history) {
          const next = pin(hosts, lock, apps(perHost, "10.64.0.0/23")).lock;
          const network = next.networks["apps"]!;
          const before = lock?.networks["apps"];
          if (before !== undefined) expect(network).toMatchObject({ overlay: before.overlay, slices: before.slices });
          for (const slice of Object.values(network.slices)) expect(overlapsPrefix(slice, network.overlay!)).toBe(false);
          lock = next;
        }
      }),
      { numRuns: 50 },
    );
  });

  it("refuses another mode, another overlay and a subnet without it while in use", () => {
    const before = pinApps(perHost);
    const refused = (fields: string, previous: Lock, subnet?: string): string[] =>
      problemsOf(() => pin(HOSTS, previous, apps(fields, subnet)));
    expect(refused("egress: none", before)).toMatchInlineSnapshot(`
      [
        "8:9 input, networks.apps.addressing.mode: the network is in use with per-host addressing, and slices would change the subnet of every container on it -> write mode: per-host, or add a second network and move the containers",
      ]
    `);
    expect(refused(perHost, pinApps("egress: none"))).toMatchInlineSnapshot(`
      [
        "8:53 input, networks.apps.addressing.mode: the network is in use with slices addressing, and per-host would change the subnet of every container on it -> write mode: slices, or add a second network and move the containers",
      ]
    `);
    expect(refused("addressing: { mode: per-host, overlay: 10.64.9.0/24 }", before)).toMatchInlineSnapshot(`
      [
        "8:72 input, networks.apps.addressing.overlay: the hosts have their overlay addresses from 10.64.0.0/24, and containers reach them by those -> write 10.64.0.0/24, or leave it out",
      ]
    `);
    const pinned = apps("addressing: { mode: per-host, hosts: { vm4: 10.64.0.0/25 } }");
    expect(problemsOf(() => pin([...HOSTS, "vm4"], before, pinned))).toMatchInlineSnapshot(`
      [
        "9:77 input, networks.apps.addressing.hosts.vm4: 10.64.0.0/25 overlaps 10.64.0.0/24, kept for the hosts' own overlay addresses -> pin another slice, or write another overlay",
      ]
    `);
    expect(refused(perHost, before, "10.64.2.0/23")).toMatchInlineSnapshot(`
      [
        "8:19 input, networks.apps.subnet: 10.64.2.0/23 leaves out locked slices with addresses in use: 10.64.1.0/24 of vm1 -> keep a subnet that contains them, or add a second network and move the containers",
        "8:19 input, networks.apps.subnet: 10.64.2.0/23 leaves out 10.64.0.0/24, where the hosts have their overlay addresses from -> keep a subnet that contains it, or add a second network and move the containers",
      ]
    `);
  });

  it("refuses a host whose number has no place in the overlay prefix", () => {
    const tight = "addressing: { mode: per-host, overlay: 10.64.0.0/29 }";
    const six = ["vm1", "vm2", "vm3", "vm4", "vm5", "vm6"];
    const before = pinApps(tight, undefined, six);
    // vm6 left, but its number is not free before its clean-up was seen
    expect(problemsOf(() => pinApps(tight, before, [...six.slice(0, 5), "vm7"]))).toMatchInlineSnapshot(`
      [
        "11:72 input, networks.apps.addressing.overlay: 10.64.0.0/29 has addresses for the hosts 1 to 6, and a host has the number 7 -> add a second network with a wider overlay, and move the containers",
      ]
    `);
  });
});

describe("static addresses", () => {
  it("lie in the lower half of a living host's slice", () => {
    const lock = pinApps("ip: { db: 10.64.1.3, web: 10.64.1.127 }");
    expect(lock).toEqual(pinApps("egress: none"));
    const faults = "ip: { aa: 10.64.1.0, bb: 10.64.1.1, cc: 10.64.1.2, dd: 10.64.1.128, ee: 10.64.9.9, ff: 10.64.1.3 }";
    expect(problemsOf(() => pinApps(faults))).toMatchInlineSnapshot(`
      [
        "8:43 input, networks.apps.ip.aa: 10.64.1.0 is the first address of 10.64.1.0/24, the slice of vm1, and stays unused -> write an address from 10.64.1.3 to 10.64.1.127 (vm1), like 10.64.1.4",
        "8:58 input, networks.apps.ip.bb: 10.64.1.1 is the gateway of vm1 -> write an address from 10.64.1.3 to 10.64.1.127 (vm1), like 10.64.1.4",
        "8:73 input, networks.apps.ip.cc: 10.64.1.2 is where verify places its probe on vm1 -> write an address from 10.64.1.3 to 10.64.1.127 (vm1), like 10.64.1.4",
        "8:88 input, networks.apps.ip.dd: 10.64.1.128 is in 10.64.1.128/25, from which Docker on vm1 hands out addresses by itself -> write an address from 10.64.1.3 to 10.64.1.127 (vm1), like 10.64.1.4",
        "8:105 input, networks.apps.ip.ee: 10.64.9.9 is in no host's slice -> write an address from 10.64.1.3 to 10.64.1.127 (vm1), like 10.64.1.4",
      ]
    `);
  });

  it("leave with their host, and are none of the hosts' own", () => {
    const before = pinApps("ip: { db: 10.64.3.9 }");
    expect(problemsOf(() => pinApps("ip: { db: 10.64.3.9 }", before, ["vm1", "vm2"]))).toMatchInlineSnapshot(`
      [
        "7:43 input, networks.apps.ip.db: 10.64.3.9 is in 10.64.3.0/24, the slice of vm3, which leaves -> write an address from 10.64.1.3 to 10.64.1.127 (vm1), like 10.64.1.3",
      ]
    `);
    expect(problemsOf(() => pinApps("addressing: { mode: per-host }, ip: { db: 10.64.0.9 }"))).toMatchInlineSnapshot(`
      [
        "8:75 input, networks.apps.ip.db: 10.64.0.9 lies in 10.64.0.0/24, where the hosts' own overlay addresses come from -> write an address from 10.64.1.3 to 10.64.1.127 (vm1), like 10.64.1.3",
      ]
    `);
    expect(pinApps("addressing: { mode: per-host }, ip: { db: 10.64.1.9 }").networks["apps"]!.overlay).toBe("10.64.0.0/24");
  });

  it("say so when a slice has no free one", () => {
    const kept = Array.from({ length: 5 }, (_, i) => `n${i}: 10.64.0.${19 + i}`).join(", ");
    const networks = apps(`ip: { ${kept}, late: 10.64.0.25 }`, "10.64.0.0/25");
    expect(problemsOf(() => pin(HOSTS, undefined, networks))).toMatchInlineSnapshot(`
      [
        "8:125 input, networks.apps.ip.late: 10.64.0.25 is in 10.64.0.24/29, from which Docker on vm1 hands out addresses by itself -> remove it: 10.64.0.19 to 10.64.0.23 of vm1 are all kept already",
      ]
    `);
  });
});
