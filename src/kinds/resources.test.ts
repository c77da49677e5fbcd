import { describe, expect, test } from "vitest";
import { applied, bridgeOf, PLAIN, THREE_HOSTS, toCluster } from "../../tests/fake/plan-case.ts";
import type { FakeHost } from "../../tests/fake/fake-system.ts";
import { addLink } from "../../tests/fake/kernel-model.ts";
import { keyOf, kindOf, observeResources } from "./index.ts";
import { findMark, formatMark, readMark } from "../model/mark.ts";
import { nftTableName } from "./nft-table.ts";
import type { Command } from "../tools/index.ts";
import type { NeighboursResource } from "./neighbours.ts";
import type { NftTableResource } from "./nft-table.ts";
import type { Resource } from "./index.ts";
import type { SysctlResource } from "./sysctl.ts";

const words = (commands: readonly Command[]): string[] =>
  commands.map((command) => ("args" in command ? `${command.tool} ${command.args.join(" ")}` : JSON.stringify(command)));

async function host(): Promise<{ h1: FakeHost; uuid: string; bridge: string; observe: () => Map<string, Resource> }> {
  const { fleet, plan } = await applied();
  const h1 = fleet.hosts.get("h1")!;
  return { h1, uuid: plan.clusterUuid, bridge: bridgeOf(plan, "n1"), observe: () => observeResources(h1.snapshot(), plan.clusterUuid) };
}

const ofKind = <K extends Resource["kind"]>(resources: Map<string, Resource>, kind: K): Extract<Resource, { kind: K }> =>
  [...resources.values()].find((resource) => resource.kind === kind) as Extract<Resource, { kind: K }>;

test("a resource that is as wanted has no difference and, where the kernel keeps it, no command", async () => {
  const { observe } = await host();
  for (const resource of observe().values()) {
    const kind = kindOf(resource);
    expect(kind.compare(resource, resource)).toEqual([]);
    expect(kind.commands(resource, resource).filter((command) => command.tool !== "docker" && command.tool !== "nft")).toEqual([]);
  }
});

describe("bridge", () => {
  test("B17: without our mark it is ours only when our Docker network names it; its address and settings then are, too", async () => {
    const { h1, bridge, observe } = await host();
    h1.kernel.links.get(bridge)!.alias = "";
    expect(observe().get(`link/${bridge}`)).toMatchObject({ kind: "bridge", mark: "" });
    expect([...observe().keys()].filter((key) => key.includes(bridge))).toHaveLength(3);
    h1.docker.networks = h1.docker.networks.map((network) => ({ ...network, labels: {} }));
    expect([...observe().keys()].filter((key) => key.includes(bridge))).toEqual([]);
  });

  test("another alias is somebody's own, whatever the name", async () => {
    const { h1, bridge, observe } = await host();
    h1.kernel.links.get(bridge)!.alias = "mine";
    expect(observe().has(`link/${bridge}`)).toBe(false);
  });

  test("each field that differs is named with its reason, and changed in place", async () => {
    const { observe } = await host();
    const found = ofKind(observe(), "bridge");
    const other = { ...found, mac: "02:00:00:00:00:01", mtuBytes: 1300, up: false, stp: true, mcastSnooping: true, mark: "" };
    expect(
      kindOf(found)
        .compare(found, other)
        .map(({ field, needs }) => `${field} ${needs}`),
    ).toEqual(["mac change", "mtuBytes change", "up change", "stp change", "mcastSnooping change", "mark change"]);
    expect(words(kindOf(found).commands(found, other))).toEqual([
      `ip link set dev ${found.name} address 02:00:00:00:00:01 mtu 1300 alias "" down`,
      `ip link set dev ${found.name} type bridge stp_state 1 mcast_snooping 1`,
    ]);
  });
});

test("vxlan: what the kernel cannot change asks for another device; the rest changes in place", async () => {
  const { observe } = await host();
  const found = ofKind(observe(), "vxlan");
  const kind = kindOf(found);
  expect(kind.compare({ ...found, vni: 7 }, found).map(({ needs }) => needs)).toEqual(["replace"]);
  expect(kind.compare({ ...found, port: 7 }, found).map(({ needs }) => needs)).toEqual(["replace"]);
  expect(
    words(kind.commands({ ...found, local: "192.0.2.99", df: "unset", ttl: 0, learning: false, bridge: "", isolated: false }, found)),
  ).toEqual([
    `ip link set dev ${found.name} type vxlan local 192.0.2.9 df set ttl 64 learning`,
    `ip link set dev ${found.name} master ${found.bridge}`,
    `ip link set dev ${found.name} type bridge_slave isolated on neigh_suppress on flood on mcast_flood on bcast_flood on`,
  ]);
});

describe("neighbours", () => {
  test("an entry of which a part is missing is shown as partial, and only that part is added", async () => {
    const { h1, observe } = await host();
    const whole = ofKind(observe(), "neighbours");
    const [first] = whole.entries;
    h1.kernel.fdb = h1.kernel.fdb.filter((entry) => entry.mac !== first!.mac || entry.master === undefined);
    const partial = ofKind(observe(), "neighbours");
    expect(partial.entries[0]).toEqual({ ...first, parts: ["neighbour", "tunnel-fdb"] });
    expect(kindOf(whole).compare(whole, partial)).toHaveLength(1);
    expect(words(kindOf(whole).commands(partial, whole))).toEqual([
      `bridge fdb replace ${first!.mac} dev ${whole.device} master static sticky`,
    ]);
    expect(words(kindOf(whole).commands(whole, partial))).toEqual([`bridge fdb del ${first!.mac} dev ${whole.device} master`]);
  });

  test("a bridge entry that would follow its MAC to another port counts as missing", async () => {
    const { h1, observe } = await host();
    const [first] = ofKind(observe(), "neighbours").entries;
    h1.kernel.fdb = h1.kernel.fdb.map(({ sticky: _, ...entry }) => entry);
    expect(ofKind(observe(), "neighbours").entries[0]).toEqual({ ...first, parts: ["neighbour", "tunnel-fdb"] });
  });

  test("a neighbour that is on the bridge and nowhere else is too much; a learned one is nobody's", async () => {
    const { h1, bridge, observe } = await host();
    const whole = ofKind(observe(), "neighbours");
    h1.kernel.neighbours.push({ device: bridge, address: "10.68.7.7", mac: "02:00:00:00:00:07" });
    h1.kernel.fdb.push({ device: whole.device, mac: "02:00:00:00:00:08", destination: "192.0.2.18", state: "" });
    const found: NeighboursResource = ofKind(observe(), "neighbours");
    expect(found.entries).toHaveLength(whole.entries.length + 1);
    expect(words(kindOf(whole).commands(found, whole))).toEqual([`ip neigh del 10.68.7.7 dev ${bridge}`]);
  });

  test("a peer that moved behind another VTEP: the old FDB entry goes, the new one comes", async () => {
    const { observe } = await host();
    const whole = ofKind(observe(), "neighbours");
    const moved = { ...whole, entries: whole.entries.map((entry, at) => (at === 0 ? { ...entry, vtep: "192.0.2.200" } : entry)) };
    const { mac, vtep } = whole.entries[0]!;
    expect(words(kindOf(whole).commands(whole, moved))).toEqual([
      `bridge fdb del ${mac} dev ${whole.device} dst ${vtep} self`,
      `bridge fdb replace ${mac} dev ${whole.device} dst 192.0.2.200 self static`,
    ]);
  });
});

describe("sysctl", () => {
  const forward = (value: string, former?: string): SysctlResource => ({
    kind: "sysctl",
    network: "",
    key: "net.ipv4.ip_forward",
    value,
    ...(former === undefined ? {} : { former }),
  });
  const shown = (before: SysctlResource | null, after: SysctlResource | null): string[] =>
    kindOf(forward("1"))
      .commands(before, after)
      .map((command) =>
        command.tool === "state" ? `${command.op} ${command.value}`.trim() : `write ${"value" in command ? command.value : ""}`,
      );

  test("the former value is kept once, before the first write", () => {
    expect(shown(forward("0"), forward("1"))).toEqual(["remember 0", "write 1"]);
    expect(shown(forward("0", "2"), forward("1"))).toEqual(["write 1"]);
    expect(shown(forward("1"), forward("1"))).toEqual([]);
  });

  test("it is given back and forgotten; one we never changed is left alone", () => {
    expect(shown(forward("1", "0"), null)).toEqual(["write 0", "forget"]);
    expect(shown(forward("1", "0"), forward("0"))).toEqual(["write 0", "forget"]);
    expect(shown(forward("1"), null)).toEqual([]);
    expect(kindOf(forward("1")).isOwned?.(forward("1"))).toBe(false);
  });
});

describe("nft-table", () => {
  const drift = async (change: (table: NftTableResource) => NftTableResource): Promise<string[]> => {
    const { observe } = await host();
    const found = ofKind(observe(), "nft-table");
    return kindOf(found)
      .compare(found, change(found))
      .map(({ field, from, to }) => `${field}: ${from} -> ${to}`);
  };

  test("what is missing from a set and what is too much is named", async () => {
    const swap = await drift((table) => ({
      ...table,
      sets: table.sets.map((set) => (set.name === "peers4" ? { ...set, elements: ["192.0.2.18", "192.0.2.66"] } : set)),
    }));
    expect(swap).toEqual([
      "hosts whose tunnel packets are let in: with 192.0.2.66, without 192.0.2.27 -> with 192.0.2.27, without 192.0.2.66",
    ]);
  });

  test("B17: a foreign rule, chain or set in our table is a difference", async () => {
    const rule = { id: "", text: "" };
    expect(
      await drift((table) => ({ ...table, chains: table.chains.map((chain, at) => (at === 1 ? { ...chain, rules: [rule] } : chain)) })),
    ).toEqual(["chain members_in: filter at input -5, 1 rule, 1 of them not ours -> filter at input -5, 0 rules"]);
    const evil = { name: "evil", type: "filter" as const, hook: "input" as const, priority: 0, rules: [] };
    expect(await drift((table) => ({ ...table, chains: [...table.chains, evil] }))).toEqual([
      "chain evil: filter at input 0, 0 rules -> absent",
    ]);
    expect(
      await drift((table) => ({
        ...table,
        sets: [...table.sets, { name: "bad", type: "ipv4_addr", interval: false, elements: ["10.0.0.1"] }],
      })),
    ).toEqual(["set bad: with 10.0.0.1 -> without 10.0.0.1"]);
  });

  test("growing keeps the old rules until the end; a wider prefix takes the place of the one inside it", async () => {
    const { uuid, observe } = await host();
    const before = ofKind(observe(), "nft-table");
    const { listing: _, ...plain } = before;
    const rule = { id: "r-1111111111", text: "fib daddr type local udp dport 4789 ip saddr != @peers4 drop" };
    const after: NftTableResource = {
      ...plain,
      sets: plain.sets.map((set) => (set.name === "cluster4" ? { ...set, elements: ["10.64.0.0/12"] } : set)),
      chains: plain.chains.map((chain) => (chain.name === "tunnel" ? { ...chain, rules: [rule] } : { ...chain, rules: [] })),
    };
    const both = kindOf(before).union!(before, after);
    expect(kindOf(before).commands(before, both)).toEqual([
      {
        tool: "nft",
        script: [
          `delete element inet ${nftTableName(uuid)} cluster4 { 10.68.0.0/16 }`,
          `add element inet ${nftTableName(uuid)} cluster4 { 10.64.0.0/12 }`,
          `add rule inet ${nftTableName(uuid)} tunnel ${rule.text} comment "r-1111111111"\n`,
        ].join("\n"),
      },
    ]);
    expect(both.chains[0]!.rules.map(({ id }) => id)).toEqual([...before.chains[0]!.rules.map(({ id }) => id), "r-1111111111"]);
  });

  test("a table that others changed is put right at once", async () => {
    const { observe } = await host();
    const before = ofKind(observe(), "nft-table");
    const { listing: _, ...plain } = before;
    const after = {
      ...plain,
      chains: plain.chains.map((chain) => ({ ...chain, rules: [{ id: "r-1111111111", text: "ip saddr @peers4 drop" }] })),
    };
    const tampered = { ...before, chains: before.chains.slice(1) };
    const [command] = kindOf(before).commands(tampered, kindOf(before).union!(tampered, after));
    expect(command).toMatchObject({
      tool: "nft",
      script: expect.stringMatching(/^table inet \w+\ndelete table inet \w+\ntable inet \w+ \{\n/) as string,
    });
  });
});

test("docker-network: a fixed setting that differs means making it again, remove first", async () => {
  const { observe } = await host();
  const found = ofKind(observe(), "docker-network");
  const wider = { ...found, mtuBytes: 1400 };
  expect(kindOf(found).compare(wider, found)).toMatchObject([{ field: "mtuBytes", from: "1450", to: "1400", needs: "replace" }]);
  expect(
    kindOf(found)
      .commands(found, wider)
      .map((command) => (command.tool === "docker" ? command.op : command.tool)),
  ).toEqual(["remove-network", "create-network"]);
});

describe("route", () => {
  test("others' routes over our bridge, of a person or a routing daemon, are neither drift nor removed", async () => {
    for (const perHost of [false, true]) {
      const { fleet, plan } = await applied({ ...THREE_HOSTS, networks: { 1: { ...PLAIN, perHost } } });
      const { kernel } = fleet.hosts.get("h1")!;
      const ours = [...kernel.routes];
      expect(ours.map((entry) => entry.protocol)).toEqual(perHost ? ["86", "86"] : []);
      const gateway = ofKind(observeResources(fleet.hosts.get("h1")!.snapshot(), plan.clusterUuid), "address").cidr.replace(/\/.*/, "");
      const theirs = ["boot", "static", "bgp"].map((protocol, i) => ({
        ...{ device: bridgeOf(plan, "n1"), destination: `10.20${i}.0.0/16`, gateway, protocol },
      }));
      kernel.routes.push(...theirs);
      const cluster = toCluster({ ...THREE_HOSTS, networks: { 1: { ...PLAIN, perHost } } });
      const again = await fleet.plan(cluster, plan.lock ?? undefined);
      expect(again.hosts.flatMap(({ steps }) => steps)).toEqual([]);
      expect(kernel.routes).toEqual([...ours, ...theirs]);
    }
  });

  test("one to the same destination without our mark is replaced, and then there is nothing to do", async () => {
    const shape = { ...THREE_HOSTS, networks: { 1: { ...PLAIN, perHost: true } } };
    const { fleet, plan } = await applied(shape);
    const { kernel } = fleet.hosts.get("h1")!;
    const before = structuredClone(kernel.routes);
    kernel.routes[0]!.protocol = "boot";
    const again = await fleet.plan(toCluster(shape), plan.lock ?? undefined);
    expect(
      words(again.hosts.flatMap(({ steps }) => steps.flatMap((step) => kindOf(step.after!).commands(step.before, step.after)))),
    ).toEqual([`ip route replace ${before[0]!.destination} via ${before[0]!.gateway} dev ${before[0]!.device} proto 86`]);
    expect((await fleet.apply(again)).outcome).toBe("applied");
    expect(kernel.routes).toEqual(expect.arrayContaining(before));
    expect(kernel.routes).toHaveLength(before.length);
    expect((await fleet.plan(toCluster(shape), plan.lock ?? undefined)).hosts.flatMap(({ steps }) => steps)).toEqual([]);
  });
});

test("flood-list: only permanent all-zero entries of our tunnels count", async () => {
  const { h1, observe } = await host();
  const before = ofKind(observe(), "flood-list");
  addLink(h1.kernel, {
    name: "vxlan7",
    kind: "vxlan",
    vxlan: { vni: 7, port: 1, local: "", learning: true, df: "unset", ttl: 0, remote: "" },
  });
  h1.kernel.fdb.push({ device: "vxlan7", mac: "00:00:00:00:00:00", destination: "192.0.2.99", state: "permanent" });
  expect(ofKind(observe(), "flood-list")).toEqual(before);
  expect(before.remotes).toEqual(
    toCluster(THREE_HOSTS)
      .hosts.slice(1)
      .map((peer) => peer.address),
  );
});

test("marks: written and read back; other texts are no marks", () => {
  const mark = { uuid: "u", cluster: "prod", index: 3, network: "apps", slice: "10.64.3.0/24" };
  expect(findMark(formatMark(mark))).toEqual(mark);
  expect(readMark(formatMark(mark))).toBe(formatMark(mark));
  for (const text of ["", "spanwire", "spanwired,uuid=u", "uplink to rack 3"]) expect(findMark(text)).toBeUndefined();
  expect(keyOf({ kind: "address", network: "", device: "spwb", cidr: "10.0.0.1/8" })).toBe("address/spwb/10.0.0.1/8");
});
