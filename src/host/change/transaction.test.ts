import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createFakeFleet, type FakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { applied, bridgeOf, problemsOf, THREE_HOSTS, toCluster } from "../../../tests/fake/plan-case.ts";
import { deleteLink } from "../../../tests/fake/kernel-model.ts";
import { planIdOf, type Plan } from "../../model/plan.ts";
import { createHostProgram, serve, type HostProgram } from "../host-program.ts";
import { findHandler } from "../../rpc/methods.ts";
import type { HostSystem } from "../execute/host-system.ts";

const cluster = toCluster(THREE_HOSTS);

function program(fleet: FakeFleet, host = "h1", system?: HostSystem): HostProgram {
  const fake = fleet.hosts.get(host)!;
  return createHostProgram({ system: system ?? fake, state: fake.state, selfArgv: ["true"] });
}

function beginOf(plan: Plan, host = "h1", operator = "anna@desk"): object {
  const { address, basis, steps } = plan.hosts.find((candidate) => candidate.host === host)!;
  return { planId: planIdOf(plan), clusterUuid: plan.clusterUuid, address, basis, operator, steps };
}

async function prepared(): Promise<{
  fleet: FakeFleet;
  plan: Plan;
  planId: string;
  say: HostProgram;
  call: (method: string, params?: object) => Promise<unknown>;
}> {
  const fleet = createFakeFleet(cluster.hosts);
  const plan = await fleet.plan(cluster);
  const planId = planIdOf(plan);
  const say = program(fleet);
  return { fleet, plan, planId, say, call: (method, params) => findHandler(say.methods, method)!({ planId, ...params }) };
}

const runUpTo = async (call: (method: string, params?: object) => Promise<unknown>, stages: readonly string[]): Promise<void> => {
  for (const stage of stages) expect(await call("runStage", { stage })).toMatchObject({ ok: true, problems: [] });
};

test("F11: a plan whose basis is gone is refused, and the host is free again", async () => {
  const { fleet, plan } = await applied();
  deleteLink(fleet.hosts.get("h1")!.kernel, bridgeOf(plan, "n1"));
  const stale = await fleet.plan(cluster, plan.lock!);
  await fleet.apply(stale);
  const [problem] = await problemsOf(program(fleet).methods["begin"](beginOf(stale)));
  expect(problem).toMatchObject({ kind: "conflict", why: "our objects on this host have changed since the plan was made" });
  expect(fleet.hosts.get("h1")!.state.holder).toBeUndefined();
});

test("F11: containers, counters and foreign links do not make a plan stale", async () => {
  const { fleet, plan } = await prepared();
  const host = fleet.hosts.get("h1")!;
  host.docker.networks.push({
    id: "x",
    name: "theirs",
    driver: "bridge",
    scope: "local",
    internal: false,
    subnets: [],
    options: {},
    labels: {},
  });
  host.kernel.neighbours.push({ device: "eth0", address: "192.0.2.1", mac: "02:00:00:00:00:01" });
  await expect(program(fleet).methods["begin"](beginOf(plan))).resolves.toEqual({});
});

test("a host that cannot be read is not left locked", async () => {
  const { fleet, plan } = await prepared();
  const blind: HostSystem = {
    observe: () => Promise.reject(new Error("ip: command not found")),
    execute: () => Promise.reject(new Error("never")),
  };
  await expect(program(fleet, "h1", blind).methods["begin"](beginOf(plan))).rejects.toThrow("ip: command not found");
  expect(fleet.hosts.get("h1")!.state.holder).toBeUndefined();
});

test("F10: a second operator is told who is at it, and since when", async () => {
  const { fleet, plan, say } = await prepared();
  await say.methods["begin"](beginOf(plan));
  const [problem] = await problemsOf(program(fleet).methods["begin"](beginOf(plan, "h1", "ben@laptop")));
  expect(problem).toMatchObject({ kind: "conflict", doing: "locking", try: "wait until that is done, then plan again" });
  expect(problem!.why).toMatch(/^anna@desk has been applying plan [0-9a-f]{16} since \d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test("a plan that changes what is not ours is refused before anything runs", async () => {
  const { fleet, plan } = await prepared();
  const begin = beginOf(plan) as { steps: Plan["hosts"][number]["steps"] };
  const made = begin.steps.find((step) => step.after?.kind === "docker-network")!;
  const theirs = { ...made.after, name: "theirs" };
  const hostile = { ...made, id: "remove/1", stage: "remove", action: "remove", key: "docker-network/theirs", before: theirs, after: null };
  const [problem] = await problemsOf(program(fleet).methods["begin"]({ ...begin, steps: [...begin.steps, hostile] }));
  expect(problem).toMatchObject({ kind: "refused", why: "docker-network/theirs is to be removed, and nothing of ours has that name here" });
  expect(fleet.hosts.get("h1")!.batches).toEqual([]);
});

test("F12: a finish without a confirm is refused", async () => {
  const { plan, say, call } = await prepared();
  await say.methods["begin"](beginOf(plan));
  await runUpTo(call, ["add", "switch"]);
  expect((await problemsOf(call("finish")))[0]!.why).toBe("it was never confirmed over a new connection");
});

test("nothing is removed before the confirm", async () => {
  const { plan, say, call } = await prepared();
  await say.methods["begin"](beginOf(plan));
  expect((await problemsOf(call("runStage", { stage: "remove" })))[0]).toMatchObject({ kind: "refused", doing: "removing for" });
});

test("F12: a confirm for another plan, before the beginning, or after the end is refused; twice is fine", async () => {
  const { fleet, plan, planId, say, call } = await prepared();
  const other = program(fleet).methods;
  const early = await problemsOf(other["confirm"]({ planId }));
  expect(early[0]).toMatchObject({ kind: "conflict", doing: "confirming" });
  await say.methods["begin"](beginOf(plan));
  expect((await problemsOf(other["confirm"]({ planId: "0123456789abcdef" })))[0]!.kind).toBe("conflict");
  await runUpTo(call, ["add", "switch"]);
  await other["confirm"]({ planId });
  await other["confirm"]({ planId });
  await call("finish");
  expect((await problemsOf(other["confirm"]({ planId })))[0]!.kind).toBe("conflict");
});

test("F05: a conversation that ends before the confirm takes everything back", async () => {
  const { fleet, plan, say, call } = await prepared();
  const before = fleet.dump();
  await say.methods["begin"](beginOf(plan));
  await runUpTo(call, ["add", "switch"]);
  expect(fleet.dump()).not.toBe(before);
  await say.end();
  expect(fleet.dump()).toBe(before);
});

test("a conversation that ends after the confirm takes nothing back", async () => {
  const { fleet, plan, planId, say, call } = await prepared();
  await say.methods["begin"](beginOf(plan));
  await runUpTo(call, ["add", "switch"]);
  await program(fleet).methods["confirm"]({ planId });
  await say.end();
  expect([...fleet.hosts.get("h1")!.kernel.links.keys()]).toContain(bridgeOf(plan, "n1"));
});

test("F07, F08: a revert that does not fully work says what remains", async () => {
  const { fleet, plan, planId } = await prepared();
  const host = fleet.hosts.get("h1")!;
  const bridge = bridgeOf(plan, "n1");
  // the tool says yes and does nothing: only reading back finds it
  const stubborn: HostSystem = {
    observe: () => host.observe(),
    execute: async (batch) => {
      const isRemoval = batch.items.some(({ command }) => command.tool === "ip" && command.args.join(" ") === `link del dev ${bridge}`);
      return isRemoval ? { ok: true, why: "", notes: [] } : host.execute(batch);
    },
  };
  const say = program(fleet, "h1", stubborn);
  await say.methods["begin"](beginOf(plan));
  expect(await say.methods["runStage"]({ planId, stage: "add" })).toMatchObject({ ok: true });
  const result = await say.methods.revert({ planId });
  expect(result?.ok).toBe(false);
  expect(result?.remaining).toContain(`link/${bridge}: remove`);
  expect(host.state.journal.at(-1)!.entry).toMatchObject({ event: "revert-incomplete" });
});

test("F17: a command that says yes and does nothing is found by reading back", async () => {
  const { fleet, plan, planId } = await prepared();
  const host = fleet.hosts.get("h1")!;
  const lying: HostSystem = {
    observe: () => host.observe(),
    execute: async (batch) => (batch.tool === "nft" ? { ok: true, why: "", notes: [] } : host.execute(batch)),
  };
  const say = program(fleet, "h1", lying);
  await say.methods["begin"](beginOf(plan));
  const result = await say.methods.runStage({ planId, stage: "add" });
  expect(result.ok).toBe(false);
  expect(result.problems.map((problem) => problem.why)).toEqual(["the command succeeded, but reading back: it is not there"]);
});

test("F04: the journal has the intent before each batch and the result after it", async () => {
  const { fleet, plan, say, call } = await prepared();
  const host = fleet.hosts.get("h1")!;
  const seen: (string | undefined)[] = [];
  const { execute } = host;
  host.execute = async (batch) => {
    seen.push(host.state.journal.at(-1)!.entry.event);
    return execute(batch);
  };
  await say.methods["begin"](beginOf(plan));
  await runUpTo(call, ["add", "switch"]);
  expect(seen.length).toBeGreaterThan(3);
  expect(new Set(seen)).toEqual(new Set(["intent"]));
  const events = host.state.journal.map(({ entry }) => entry["event"]);
  expect(events).toEqual(["begin", ...seen.flatMap(() => ["intent", "result"])]);
});

/** Says lines to a host program and gives its answers, in order of their ids. */
async function converse(
  fleet: FakeFleet,
  lines: readonly string[],
): Promise<{ id: unknown; error?: { message: string }; result?: unknown }[]> {
  const input = new PassThrough();
  const output = new PassThrough();
  const answers: string[] = [];
  output.on("data", (chunk: Buffer) => answers.push(...chunk.toString("utf8").trim().split("\n")));
  const done = serve(program(fleet), input, output);
  input.end(lines.map((line) => `${line}\n`).join(""));
  await done;
  return answers.map((answer) => JSON.parse(answer) as { id: unknown });
}

test("B60: garbage lines are answered with an error each, and the next request with its result", async () => {
  const { fleet } = await prepared();
  const garbage = [
    "{",
    "\u001b[31mnot json",
    "null",
    "[]",
    "7",
    '"x"',
    '{"id":1}',
    '{"id":2,"method":"__proto__"}',
    '{"id":3,"method":"toString"}',
    '{"id":4,"method":"begin","params":{"steps":"; reboot"}}',
  ];
  const answers = await converse(fleet, [...garbage, '{"id":99,"method":"hello"}']);
  expect(answers).toHaveLength(garbage.length + 1);
  expect(answers.filter((answer) => answer.error === undefined).map((answer) => answer.id)).toEqual([99]);
  expect(answers.every((answer) => !JSON.stringify(answer).includes("node:internal"))).toBe(true);
  expect(fleet.hosts.get("h1")!.batches).toEqual([]);
});
