import { describe, expect, test } from "vitest";
import type { HeldContainer, HeldDevice, HostHolders } from "../host/observe/read-holders.ts";
import type { TargetNetwork } from "../verify/measure/target.ts";
import { listAddressesToAsk } from "./addresses-to-ask.ts";
import { collectHolders } from "./address-holder.ts";
import { findDuplicates, type DuplicateInput } from "./find-duplicates.ts";
import { renderAddresses } from "./render-addresses.ts";

const NETWORK: TargetNetwork = {
  ...{ name: "apps", subnet: "10.64.0.0/12", mtuBytes: 1450, overheadBytes: 50, layer: 2, wire: "UDP port 8472", egress: { mode: "none" } },
  hosts: ["vm1", "vm2"].map((host, index) => ({
    ...{ host, bridge: "spwb", probeMac: "" },
    ...{ gateway: `10.64.${index}.1`, overlay: `10.64.${index}.1`, probe: `10.64.${index}.2/12` },
  })),
};

const device = (mac: string, ...addresses: string[]): HeldDevice => ({ device: "eth0", mac, addresses });
const running = (name: string, mac: string, address: string): HeldContainer => ({
  ...{ name, running: true, endpoints: [{ network: "apps", address, mac }], devices: [device(mac, address)] },
});
const stopped = (name: string, address: string): HeldContainer => ({
  ...{ name, running: false, endpoints: [{ network: "apps", address, mac: "" }], devices: [] },
});
const hostWith = (containers: HeldContainer[], devices: HeldDevice[] = [], neighbours: string[] = []): HostHolders => ({
  ...{ dockerProblem: "", containers, devices, neighbours },
});

function find(hosts: Record<string, HostHolders>, claims: Record<string, string[]>, heard: DuplicateInput["heard"] = new Map()) {
  const byHost = new Map(Object.entries(hosts));
  const macs = new Map(Object.entries(claims).map(([address, answers]) => [address, new Set(answers)]));
  return findDuplicates({ network: "apps", known: collectHolders(NETWORK, byHost), claims: macs, hosts: byHost, heard });
}

describe("findDuplicates", () => {
  test("one holder that Docker, its kernel and the wire agree on is one holder", () => {
    const hosts = { vm1: hostWith([running("web", "aa", "10.64.0.9")]), vm2: hostWith([running("db", "bb", "10.64.1.9")]) };
    expect(find(hosts, { "10.64.0.9": ["aa"], "10.64.1.9": ["bb"] })).toEqual([]);
  });

  test("two containers of two hosts: both are named, and who of them answers", () => {
    const hosts = { vm1: hostWith([running("web", "aa", "10.64.0.9")]), vm2: hostWith([running("db", "bb", "10.64.0.9")]) };
    const [found] = find(hosts, { "10.64.0.9": ["aa"] });
    expect(found?.holders.map(({ host, name, onWire }) => [host, name, onWire])).toEqual([
      ["vm1", "web", true],
      ["vm2", "db", false],
    ]);
  });

  test("a stopped container wants the address back that it was given by hand", () => {
    const hosts = { vm1: hostWith([stopped("old", "10.64.0.9")]), vm2: hostWith([running("db", "bb", "10.64.0.9")]) };
    const [found] = find(hosts, { "10.64.0.9": ["bb"] });
    expect(found?.holders[0]).toMatchObject({ name: "old", running: false, inKernel: false, onWire: false });
  });

  test("an address that somebody set inside a container by hand counts, though Docker knows nothing of it", () => {
    const web = { ...running("web", "aa", "10.64.0.9"), devices: [device("aa", "10.64.0.9", "10.64.1.9")] };
    const hosts = { vm1: hostWith([web]), vm2: hostWith([running("db", "bb", "10.64.1.9")]) };
    const found = find(hosts, {});
    expect(found.map(({ address, holders }) => [address, holders.map(({ dockerNetwork }) => dockerNetwork)])).toEqual([
      ["10.64.1.9", ["", "apps"]],
    ]);
  });

  test("a stranger is looked for behind the port of the host where it is no tunnel", () => {
    const hosts = { vm1: hostWith([running("web", "aa", "10.64.0.9")]), vm2: hostWith([]) };
    const heard = new Map([
      ["vm1", [{ bridge: "spwb", port: "spwv1", mac: "cc", isOurs: true }]],
      ["vm2", [{ bridge: "spwb", port: "tap7", mac: "cc", isOurs: false }]],
    ]);
    const [found] = find(hosts, { "10.64.0.9": ["aa", "cc"] }, heard);
    expect(found?.holders[1]).toMatchObject({ kind: "stranger", host: "vm2", device: "tap7", mac: "cc", onWire: true });
  });

  test("a host's own gateway on a stranger's device is found, too", () => {
    const hosts = { vm1: hostWith([], [{ device: "spwb", mac: "aa", addresses: ["10.64.0.1"] }]), vm2: hostWith([]) };
    const [found] = find(hosts, { "10.64.0.1": ["aa", "cc"] });
    expect(found?.holders.map(({ kind, device: at }) => [kind, at])).toEqual([
      ["host", "spwb"],
      ["stranger", ""],
    ]);
  });

  test("addresses of other networks are none of this one's business", () => {
    const hosts = { vm1: hostWith([running("web", "aa", "172.17.0.2")]), vm2: hostWith([running("db", "bb", "172.17.0.2")]) };
    expect(find(hosts, {})).toEqual([]);
  });
});

describe("listAddressesToAsk", () => {
  test("gateways, what somebody has, what is reserved, and what neighbour tables have of this network", () => {
    const neighbours = ["10.64.0.9", "10.64.3.3", "172.17.0.2", "fe80::1"];
    const hosts = new Map([["vm1", hostWith([running("web", "aa", "10.64.0.9")], [], neighbours)]]);
    const known = collectHolders(NETWORK, hosts);
    expect(listAddressesToAsk({ network: NETWORK, known, reserved: ["10.64.0.9", "10.64.1.50"], hosts })).toEqual([
      ...["10.64.0.1", "10.64.0.9", "10.64.1.1", "10.64.1.50", "10.64.3.3"],
    ]);
  });

  test("two strangers at an address nobody knows of are found when both answer", () => {
    const [found] = find({ vm1: hostWith([]) }, { "10.64.3.3": ["cc", "dd"] });
    expect(found?.holders.map(({ kind, mac }) => [kind, mac])).toEqual([
      ["stranger", "cc"],
      ["stranger", "dd"],
    ]);
  });
});

test("in words: every holder with its place, MAC and how it is known", () => {
  const hosts = { vm1: hostWith([running("web", "aa", "10.64.0.9")]), vm2: hostWith([stopped("old", "10.64.0.9")]) };
  const duplicates = find(hosts, { "10.64.0.9": ["aa", "cc"] });
  expect(renderAddresses({ networks: [{ name: "apps", addresses: 3, askedFrom: ["vm1", "vm2"] }], duplicates, members: [], notTested: [] }))
    .toBe(`10.64.0.9 in network apps is used 3 times:
  container web on vm1, eth0, MAC aa (in Docker's network apps, in its kernel, answers on the wire)
  container old on vm2, MAC unknown (in Docker's network apps, not running)
  a stranger that no host has heard, MAC cc (answers on the wire)
  try: give all but one of them another address (\`docker run --ip\`, or reserve one with \`ip:\` in the file)

network apps: 3 addresses, asked on the wire from vm1, vm2`);
});
