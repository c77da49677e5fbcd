import { expect, test } from "vitest";
import { applied, PLAIN, THREE_HOSTS, toCluster } from "../../../tests/fake/plan-case.ts";
import { createFakeFleet } from "../../../tests/fake/fake-fleet.ts";
import type { Resource } from "../../kinds/index.ts";
import { SpanwireError } from "../../model/problem.ts";
import { batchSteps } from "./batch-steps.ts";
import { orderSteps } from "./order-steps.ts";
import type { DraftStep, Stage, Step } from "../../model/step.ts";

const draft = (resource: Resource, key: string, change: Partial<DraftStep> = {}): DraftStep => ({
  ...{ stage: "add", action: "add", key, before: null, after: resource, differences: [], impact: "" },
  ...change,
});
const bridge = (name: string): Resource => ({
  kind: "bridge",
  network: "",
  name,
  mac: "",
  mtuBytes: 1450,
  up: true,
  stp: false,
  mcastSnooping: false,
  mark: "",
});
const address = (device: string): Resource => ({ kind: "address", network: "", device, cidr: "10.0.0.1/24" });

test("what others need comes first, whatever the order it was found in", () => {
  const steps = orderSteps([
    draft(address("b2"), "address/b2"),
    draft(address("b1"), "address/b1"),
    draft(bridge("b2"), "link/b2"),
    draft(bridge("b1"), "link/b1"),
  ]);
  expect(steps.map((step) => `${step.id} ${step.key}`)).toEqual(["add/1 link/b1", "add/2 link/b2", "add/3 address/b1", "add/4 address/b2"]);
});

test("removals go the other way round; in the remove stage changes come after them, elsewhere before", () => {
  const gone = (resource: Resource, key: string, stage: Stage): DraftStep =>
    draft(resource, key, { stage, action: "remove", before: resource, after: null });
  const inStage = (stage: Stage): string[] =>
    orderSteps([
      gone(bridge("b1"), "link/b1", stage),
      gone(address("b1"), "address/b1", stage),
      draft(bridge("b2"), "link/b2", { stage }),
    ]).map((step) => step.key);
  expect(inStage("remove")).toEqual(["address/b1", "link/b1", "link/b2"]);
  expect(inStage("switch")).toEqual(["link/b2", "address/b1", "link/b1"]);
});

test("stages follow one another, and what makes room opens its stage", () => {
  const steps = orderSteps([
    draft(bridge("b3"), "link/b3", { stage: "remove", before: bridge("b3"), after: null }),
    draft(bridge("b1"), "link/b1", { stage: "switch" }),
    draft(address("b9"), "address/b9", { stage: "switch", makesRoom: true }),
    draft(bridge("b2"), "link/b2"),
  ]);
  expect(steps.map((step) => step.id + step.key)).toEqual(["add/1link/b2", "switch/1address/b9", "switch/2link/b1", "remove/1link/b3"]);
  expect(steps.some((step) => "makesRoom" in step)).toBe(false);
});

test("a cycle is our own bug, and says so", () => {
  const loop = (name: string, other: string): DraftStep => draft({ kind: "vxlan", name, bridge: other } as Resource, `link/${name}`);
  expect(() => orderSteps([loop("a", "b"), loop("b", "a")])).toThrow(SpanwireError);
  expect(() => orderSteps([loop("a", "b"), loop("b", "a")])).toThrow("ordering link/a, link/b: they depend on each other");
});

const batchesOf = (steps: readonly Step[], stage: Stage): string[] =>
  batchSteps(steps.filter((step) => step.stage === stage)).map((batch) => `${batch.tool} ${batch.items.length}`);

test("a fresh host with two networks takes three processes and one write of settings to add, as many to switch, and a call for each Docker network", async () => {
  const cluster = toCluster({ hosts: [1, 2, 3], networks: { 1: PLAIN, 2: PLAIN } });
  const { steps } = (await createFakeFleet(cluster.hosts).plan(cluster)).hosts[0]!;
  expect(batchesOf(steps, "add")).toEqual(["nft 1", "ip 14", "bridge 4", "sysctl 2"]);
  expect(batchesOf(steps, "switch")).toEqual(["ip 4", "bridge 8", "sysctl 2", "docker 1", "docker 1"]);
});

test("with ten networks it is as many processes, but for Docker's calls", async () => {
  const networks = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i + 1, PLAIN]));
  const cluster = toCluster({ hosts: [1, 2, 3], networks });
  const { steps } = (await createFakeFleet(cluster.hosts).plan(cluster)).hosts[0]!;
  expect(batchesOf(steps, "add").map((batch) => batch.split(" ")[0])).toEqual(["nft", "ip", "bridge", "sysctl"]);
  expect(batchesOf(steps, "switch").filter((batch) => !batch.startsWith("docker"))).toHaveLength(3);
});

test("a former value is kept before the first write of any setting in the batch", () => {
  const setting = (key: string, device?: string): DraftStep => {
    const before: Resource = { kind: "sysctl", network: "", key, value: "0", ...(device === undefined ? {} : { device }) };
    return draft({ ...before, value: "1" }, `sysctl/${key}`, { before });
  };
  const [batch, ...others] = batchSteps(orderSteps([setting("net.ipv4.conf.b1.arp_ignore", "b1"), setting("net.ipv4.ip_forward")]));
  expect(others).toEqual([]);
  expect(batch!.items.map(({ command }) => (command.tool === "state" ? command.op : command.tool))).toEqual([
    "sysctl",
    "remember",
    "sysctl",
  ]);
});

test("adding a host only adds to the others: no step of theirs removes or replaces", async () => {
  const { fleet, plan } = await applied(THREE_HOSTS);
  const next = await fleet.plan(toCluster({ ...THREE_HOSTS, hosts: [1, 2, 3, 4] }), plan.lock!);
  const others = next.hosts.filter((host) => host.host !== "h4").flatMap((host) => host.steps);
  expect(new Set(others.map((step) => step.action))).toEqual(new Set(["change"]));
  expect(new Set(others.map((step) => step.stage))).toEqual(new Set(["add", "switch"]));
  const commands = batchSteps(others).flatMap((batch) => batch.items.map(({ command }) => JSON.stringify(command)));
  expect(commands.filter((command) => /"del"|delete|link/.test(command))).toEqual([]);
});
