import { describe, expect, test } from "vitest";
import { createFakeFleet, UUID } from "../../../tests/fake/fake-fleet.ts";
import { PLAIN, toCluster } from "../../../tests/fake/plan-case.ts";
import type { NetworkShape } from "../../../tests/fake/cluster-arbitrary.ts";
import { parseSpec } from "../../file/parse-spec.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { SpanwireError } from "../../model/problem.ts";
import { buildPlan } from "../../plan/build-plan.ts";
import type { Plan } from "../../model/plan.ts";
import type { WireguardSpec } from "./schema.ts";

const spec = (about: Partial<WireguardSpec>): NetworkShape => ({
  ...PLAIN,
  perHost: true,
  plane: { type: "wireguard", behindNat: [], implementation: "kernel", ...about } satisfies WireguardSpec,
});

/** A first plan, with what is on h3 changed; keys are not made yet. */
function planWith(networks: readonly NetworkShape[], change: (snapshot: Snapshot) => Snapshot = (same) => same): Plan {
  const cluster = toCluster({ hosts: [1, 2, 3], networks: Object.fromEntries(networks.map((network, index) => [index + 1, network])) });
  const fleet = createFakeFleet(cluster.hosts);
  const snapshots = new Map([...fleet.hosts].map(([name, host]) => [name, name === "h3" ? change(host.snapshot()) : host.snapshot()]));
  return buildPlan({ cluster, lock: undefined, freshUuid: UUID, snapshots, unreachable: [] });
}

const refusalsOf = (plan: Plan): string[] => plan.refusals.map(({ where, why }) => `${where}: ${why}`);
const portsOf = (plan: Plan): unknown[] => Object.values(plan.lock!.networks).map(({ dataplane }) => dataplane["port"]);
const peersOf = (plan: Plan, name: string) =>
  plan.hosts.find(({ host }) => host === name)!.steps.flatMap(({ after }) => (after?.kind === "wireguard" ? after.peers : []));

describe("refused before the first step", () => {
  test("without wg, without a kernel that has it, and without wireguard-go where the file asks for that", () => {
    const without =
      (tool: string) =>
      (snapshot: Snapshot): Snapshot => ({
        ...snapshot,
        tools: Object.fromEntries(Object.entries(snapshot.tools).filter(([name]) => name !== tool)),
      });
    const inKernel = [spec({})];
    const inProcess = [spec({ implementation: "wireguard-go" })];
    const old = (snapshot: Snapshot): Snapshot => ({ ...snapshot, kernel: "5.4.0", kernelWireguard: false });
    expect(refusalsOf(planWith(inKernel, without("wg")))).toEqual(["h3: missing: wg (package wireguard-tools)"]);
    expect(refusalsOf(planWith(inKernel, old))).toEqual([expect.stringMatching(/^h3: its kernel \(5.4.0\) has no WireGuard/)]);
    expect(refusalsOf(planWith(inProcess, old))).toEqual([]);
    expect(refusalsOf(planWith(inProcess, without("wireguard-go")))).toEqual(["h3: missing: wireguard-go (package wireguard-go)"]);
    expect(refusalsOf(planWith(inKernel, without("wireguard-go")))).toEqual([]);
  });

  test("with a port that another program has, or somebody's WireGuard", () => {
    const bound = (snapshot: Snapshot): Snapshot => ({ ...snapshot, udpPorts: [51_840] });
    expect(refusalsOf(planWith([spec({})], bound))).toEqual(["h3: UDP port 51840 is in use by another program"]);
  });
});

describe("ports", () => {
  test("each network has one of its own, from 51840 on, and none that another plane of the file uses", () => {
    expect(portsOf(planWith([spec({}), { ...PLAIN, port: 51_841 }, spec({}), spec({ port: 51_843 }), spec({})]))).toEqual([
      51_840,
      undefined,
      51_842,
      51_843,
      51_844,
    ]);
  });

  test("two networks of the file cannot share a written one, nor one with a VXLAN network", () => {
    const file = (one: string, other: string): string =>
      `version: 1\ncluster: c\nhosts: { a: { address: 192.0.2.1 } }\nnetworks:\n  apps: { subnet: 10.64.0.0/16, dataplane: ${one} }\n` +
      `  data: { subnet: 10.65.0.0/16, dataplane: ${other} }\n`;
    const wg = "{ type: wireguard, port: 51900 }";
    expect(problemsOf(file(wg, wg))).toEqual(["6:69 kernel WireGuard takes a UDP port a network, and apps (line 5) has 51900"]);
    expect(problemsOf(file("{ type: vxlan, port: 51900 }", wg))).toEqual([
      "6:69 kernel WireGuard and kernel VXLAN of apps (line 5) cannot share UDP port 51900 of a host",
    ]);
    expect(problemsOf(file(wg, "{ type: wireguard, port: 51901 }"))).toEqual([]);
  });
});

describe("hosts behind NAT", () => {
  test("others do not call them, they call the others", () => {
    const plan = planWith([spec({ behindNat: ["h2"] })]);
    expect(peersOf(plan, "h1").map(({ endpoint }) => endpoint)).toEqual(["", "192.0.2.27:51840"]);
    expect(peersOf(plan, "h2").map(({ endpoint, keepaliveS }) => [endpoint, keepaliveS])).toEqual([
      ["192.0.2.9:51840", 25],
      ["192.0.2.27:51840", 25],
    ]);
  });

  test("a name that is no host, one that is listed twice, and two that could not reach each other", () => {
    const file = (list: string): string =>
      `version: 1\ncluster: c\nhosts: { a: { address: 192.0.2.1 }, b: { address: 192.0.2.2 } }\nnetworks:\n` +
      `  apps: { subnet: 10.64.0.0/16, dataplane: { type: wireguard, behindNat: ${list} } }\n`;
    expect(problemsOf(file("[c]"))).toEqual(["5:75 there is no host c"]);
    expect(problemsOf(file("[a, a]"))).toEqual(["5:78 a is listed twice"]);
    expect(problemsOf(file("[a, b]"))).toEqual([expect.stringMatching(/^5:74 a, b are all behind NAT/)]);
    expect(problemsOf(file("[b]"))).toEqual([]);
  });
});

test("a host that does not answer and whose key nobody knows is left out until it does", () => {
  const cluster = toCluster({ hosts: [1, 2, 3], networks: { 1: spec({}) } });
  const fleet = createFakeFleet(cluster.hosts);
  const snapshots = new Map([...fleet.hosts].flatMap(([name, host]) => (name === "h3" ? [] : [[name, host.snapshot()] as const])));
  const plan = buildPlan({ cluster, lock: undefined, freshUuid: UUID, snapshots, unreachable: [] });
  expect(peersOf(plan, "h1").map(({ publicKey }) => publicKey)).toEqual(["after-prepare:wireguard-key@h2"]);
  expect(plan.hosts.map(({ prepare }) => prepare)).toEqual([["wireguard-key"], ["wireguard-key"]]);
});

/** "line:column why" */
function problemsOf(text: string): string[] {
  try {
    parseSpec(text, "f.yaml");
    return [];
  } catch (error) {
    if (!(error instanceof SpanwireError)) throw error;
    return error.problems.map(({ at, why }) => `${at?.line}:${at?.column} ${why}`);
  }
}
