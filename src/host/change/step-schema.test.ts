import { expect, test } from "vitest";
import { applied, THREE_HOSTS, toCluster } from "../../../tests/fake/plan-case.ts";
import { createFakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { keyOf } from "../../kinds/index.ts";
import type { Resource } from "../../kinds/index.ts";
import type { Step } from "../../model/step.ts";
import { stepSchema } from "./step-schema.ts";

const cluster = toCluster(THREE_HOSTS);
const steps = (await createFakeFleet(cluster.hosts).plan(cluster)).hosts[0]!.steps;
const adding = <K extends Resource["kind"]>(kind: K): { step: Step; after: Extract<Resource, { kind: K }> } => {
  const step = steps.find((candidate) => candidate.after?.kind === kind)!;
  return { step, after: step.after as Extract<Resource, { kind: K }> };
};

/** A step that is right in everything but what the test changes in its resource. */
function accepts(kind: Resource["kind"], change: object): boolean {
  const { step, after } = adding(kind);
  const changed = { ...after, ...change };
  return stepSchema.safeParse({ ...step, before: null, after: changed, key: keyOf(changed) }).success;
}

test("every step of a real plan passes, before and after damage", async () => {
  for (const step of steps) expect(stepSchema.safeParse(step).error?.message).toBeUndefined();
  const { fleet, plan } = await applied();
  for (const table of fleet.hosts.get("h1")!.nft.values()) {
    Object.assign(table, {
      chains: [...table.chains, { name: "theirs", type: "", hook: "", priority: 0, policy: "", rules: [{ comment: "Bob's; rule" }] }],
    });
  }
  const repair = (await fleet.plan(cluster, plan.lock!)).hosts[0]!.steps;
  expect(repair.map((step) => step.key)).toEqual([expect.stringMatching(/^nft-table\//)]);
  expect(repair.map((step) => stepSchema.safeParse(step).success)).toEqual([true]);
});

const HOSTILE_WORDS = ["x;reboot", "`id`", "$(id)", "a b", 'a"b', "a'b", "a\nb", "a#b", "a\\b", "spwé", "spwbaaaaaaaaaa\u202e", ""];

test.each(HOSTILE_WORDS)("B14, B18: %j is refused wherever a name or a text goes", (word) => {
  expect(accepts("bridge", { name: word })).toBe(false);
  expect(accepts("vxlan", { name: word })).toBe(false);
  expect(accepts("vxlan", { df: word })).toBe(false);
  expect(accepts("address", { device: word })).toBe(false);
  expect(accepts("address", { cidr: word })).toBe(false);
  expect(accepts("sysctl", { key: word })).toBe(false);
  expect(accepts("sysctl", { value: word })).toBe(false);
  expect(accepts("docker-network", { name: word })).toBe(false);
  expect(accepts("nft-table", { name: word })).toBe(false);
  expect(accepts("flood-list", { remotes: [word] })).toBe(false);
  if (word !== "") expect(accepts("bridge", { mark: word })).toBe(false);
});

test.each(["-rf", "--help", "-all"])("B15: %j is refused, because a tool would take it for an option", (word) => {
  expect(accepts("bridge", { name: word })).toBe(false);
  expect(accepts("docker-network", { name: word })).toBe(false);
  expect(accepts("address", { cidr: word })).toBe(false);
});

test.each(["spwb%d", "spwb%daaaaaaaaa", "spwbaaaaaaaaaaaa", "spwb", ".", "..", "all", "default"])(
  "B13, B16: the link name %j is refused",
  (name) => {
    expect(accepts("bridge", { name })).toBe(false);
  },
);

test.each(["lo", "eth0", "docker0", "gre0", "tunl0", "ovs-system", "vetha1b2c3d", "br-lan"])(
  "B17: a link that is not ours, %j, is refused",
  (name) => {
    expect(accepts("bridge", { name })).toBe(false);
    expect(accepts("vxlan", { name })).toBe(false);
    expect(accepts("vxlan", { bridge: name })).toBe(false);
    expect(accepts("address", { device: name })).toBe(false);
    expect(accepts("docker-network", { bridge: name })).toBe(false);
    expect(accepts("neighbours", { device: name })).toBe(false);
  },
);

test("B17: only a container's veth is put into a bridge, and only into ours", () => {
  const port = (device: string, bridge: string): boolean => {
    const after: Resource = { kind: "bridge-port", network: "", device, bridge, container: "web" };
    return stepSchema.safeParse({ ...adding("bridge").step, after, key: keyOf(after) }).success;
  };
  expect(port("veth0a1b2c3", adding("bridge").after.name)).toBe(true);
  expect(port("eth0", adding("bridge").after.name)).toBe(false);
  expect(port("veth0a1b2c3", "docker0")).toBe(false);
});

test("sysctls: ours of our devices, and ip_forward; no others", () => {
  expect(accepts("sysctl", { key: "kernel.core_pattern" })).toBe(false);
  expect(accepts("sysctl", { key: "net.ipv4.conf.eth0.arp_ignore" })).toBe(false);
  expect(accepts("sysctl", { key: "net.ipv4.conf.spwbaaaaaaaaaa/../../all.arp_ignore" })).toBe(false);
});

function acceptsRule(text: string): boolean {
  const { after } = adding("nft-table");
  return accepts("nft-table", { chains: [{ ...after.chains[0]!, rules: [{ id: "r-0123456789", text }] }] });
}

test("nft rules: all that we write", () => {
  for (const rule of adding("nft-table").after.chains.flatMap((chain) => chain.rules))
    expect([rule.text, acceptsRule(rule.text)]).toEqual([rule.text, true]);
  expect(acceptsRule('iifname "spwbaaaaaaaaaa" oifname { "spwbbbbbbbbbbb", "spwbcccccccccc" } drop')).toBe(true);
});

test.each([
  "ip saddr 10.0.0.1 drop } chain evil { type filter hook input priority 0",
  "ip saddr 10.0.0.1 drop\n accept",
  "ip saddr 10.0.0.1 drop; accept",
  "ip saddr 10.0.0.1 drop # rest",
  'include "/etc/shadow"',
  "} delete table inet filter",
  "ip saddr { 10.0.0.1",
  "ip daddr $x drop",
])("B14: the nft rule %j is refused", (text) => {
  expect(acceptsRule(text)).toBe(false);
});

test("a listing is nft input as it stands: it is never taken from outside as what we want", () => {
  expect(accepts("nft-table", { listing: "table inet filter {\n}\n" })).toBe(false);
});

test("the key must be that of the resource, and the id that of the stage", () => {
  const { step } = adding("bridge");
  expect(stepSchema.safeParse(step).success).toBe(true);
  expect(stepSchema.safeParse({ ...step, key: "link/spwbaaaaaaaaaa" }).success).toBe(false);
  expect(stepSchema.safeParse({ ...step, id: "switch/1" }).success).toBe(false);
  expect(stepSchema.safeParse({ ...step, before: null, after: null }).success).toBe(false);
  expect(stepSchema.safeParse({ ...step, after: { ...step.after, surprise: 1 } }).success).toBe(false);
});
