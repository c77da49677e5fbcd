import { expect, test } from "vitest";
import { problemsOf } from "../../tests/fake/plan-case.ts";
import type { PendingPlan } from "../host/restore/recovery-methods.ts";
import type { Host } from "../model/cluster.ts";
import type { Transport } from "../transport/connection.ts";
import { SpanwireError } from "../model/problem.ts";
import { confirmPending } from "./confirm-pending.ts";

type Answer = Partial<PendingPlan> & { refuses?: boolean };

const host = (name: string): Host => ({ name, address: "192.0.2.1", ssh: name });
const waits = (...hosts: string[]): Answer => ({ planId: "p1", operator: "ann@desk", since: "", offered: true, hosts, verdict: "" });
const failure = (kind: "unreachable" | "conflict", where: string): SpanwireError =>
  new SpanwireError({ kind, doing: "asking", what: "the host", where, why: "no answer", try: "look" });

/** Hosts that say this of what is under way there; undefined: they cannot be reached. */
function fleet(answers: Record<string, Answer | undefined>): { transport: Transport; hosts: Host[]; confirmed: string[]; open(): number } {
  const confirmed: string[] = [];
  let open = 0;
  const transport: Transport = {
    name: "test",
    async open({ name }) {
      const answer = answers[name];
      if (answer === undefined) throw failure("unreachable", name);
      open += 1;
      return {
        host: name,
        async request(method) {
          if (method === "pending") return answer;
          if (answer.refuses === true) throw failure("conflict", "");
          confirmed.push(name);
          return {};
        },
        close: async () => void (open -= 1),
      };
    },
  };
  return { transport, confirmed, open: () => open, hosts: Object.keys(answers).map(host) };
}

test("a host that is down and no part of the plan is a warning, one of the plan is an error and nothing is kept", async () => {
  const beside = fleet({ a: waits("a", "b"), b: waits("a", "b"), c: {}, d: undefined });
  expect(await confirmPending(beside.hosts, beside.transport)).toMatchObject({ hosts: ["a", "b"], unreachable: [{ where: "d" }] });
  expect(beside.confirmed.sort()).toEqual(["a", "b"]);
  expect(beside.open()).toBe(0);

  const within = fleet({ a: waits("a", "d"), c: {}, d: undefined });
  expect(await problemsOf(confirmPending(within.hosts, within.transport))).toMatchObject([{ kind: "unreachable", where: "d" }]);
  expect(within.confirmed).toEqual([]);
  expect(within.open()).toBe(0);
});

test("a host of the plan that does not wait, or that this file does not know, keeps the others from being kept", async () => {
  for (const answers of [
    { a: waits("a", "b"), b: {} },
    { a: waits("a", "b") },
    { a: waits("a", "b"), b: { ...waits("a", "b"), offered: false } },
  ]) {
    const { transport, hosts, confirmed } = fleet(answers);
    expect(await problemsOf(confirmPending(hosts, transport))).toMatchObject([{ kind: "conflict", where: "b" }]);
    expect(confirmed).toEqual([]);
  }
});

test("plans of two operators: neither is kept, and both are named", async () => {
  const { transport, hosts, confirmed } = fleet({ a: waits("a"), b: { ...waits("b"), planId: "p2", operator: "ben@lap" } });
  const [problem] = await problemsOf(confirmPending(hosts, transport));
  expect(problem).toMatchObject({ kind: "conflict" });
  expect(problem!.why).toContain("plan p1 of ann@desk (a), plan p2 of ben@lap (b)");
  expect(confirmed).toEqual([]);
});

test("nothing waits: said so, or why nobody knows", async () => {
  const idle = fleet({ a: {}, b: {} });
  expect((await problemsOf(confirmPending(idle.hosts, idle.transport)))[0]!.why).toContain("no host waits for a word");
  const unknown = fleet({ a: {}, b: undefined });
  expect(await problemsOf(confirmPending(unknown.hosts, unknown.transport))).toMatchObject([{ kind: "unreachable", where: "b" }]);
});

test("a confirm that one host refuses: those that took it are named", async () => {
  const { transport, hosts } = fleet({ a: waits("a", "b"), b: { ...waits("a", "b"), refuses: true } });
  const problems = await problemsOf(confirmPending(hosts, transport));
  expect(problems.map(({ where }) => where)).toEqual(["b", "a"]);
  expect(problems[1]!.why).toContain("it was confirmed there");
});
