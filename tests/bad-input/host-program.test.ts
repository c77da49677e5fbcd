import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createHostProgram, serve, type HostProgram } from "../../src/host/host-program.ts";
import type { Problem } from "../../src/model/problem.ts";
import { createFakeFleet, type FakeFleet } from "../fake/fake-fleet.ts";
import { THREE_HOSTS, toCluster } from "../fake/plan-case.ts";

interface Answer {
  id: unknown;
  result?: unknown;
  error?: { message: string; data: { problems: readonly Problem[] } };
}

function createHost(): { fleet: FakeFleet; program: HostProgram } {
  const fleet = createFakeFleet(toCluster(THREE_HOSTS).hosts);
  const host = fleet.hosts.get("h1")!;
  return { fleet, program: createHostProgram({ system: host, state: host.state, selfArgv: ["true"] }) };
}

/** What a host program answers to bytes of anybody, and the proof that it did nothing. */
async function answersTo(...chunks: readonly (string | Buffer)[]): Promise<Answer[]> {
  const { fleet, program } = createHost();
  const [input, output] = [new PassThrough(), new PassThrough()];
  const texts: Buffer[] = [];
  output.on("data", (chunk: Buffer) => texts.push(chunk));
  const done = serve(program, input, output);
  for (const chunk of chunks) input.write(chunk);
  input.end();
  await done;
  expect(fleet.hosts.get("h1")!.batches).toEqual([]);
  const lines = Buffer.concat(texts).toString("utf8").trim().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Answer);
}

const kindsOf = (answers: readonly Answer[]): string[] => answers.map(({ error }) => error?.data.problems[0]?.kind ?? "");

test("B60: what is no message is refused, and is nobody's mistake of ours", async () => {
  const garbage = [
    ...["{", "null", "[]", "7", '"x"', "\u001b[2J\u001b[31m", "\u0000\u0001", "GET / HTTP/1.1", "SSH-2.0-OpenSSH_9.2", "\u202e{}"],
    ...[
      '{"id":1}',
      '{"id":{},"method":"hello"}',
      '{"id":1,"method":7}',
      '{"id":1,"method":["hello"]}',
      `{"id":"${"9".repeat(99)}","method":"hello"}`,
    ],
  ];
  const answers = await answersTo(...garbage.map((line) => `${line}\n`), Buffer.from([0xff, 0xfe, 0x0a]));
  expect(kindsOf(answers)).toEqual([...garbage, ""].map(() => "refused"));
});

test("B60: a line of 65 MiB is refused by its length, and the next one answered", async () => {
  const answers = await answersTo(Buffer.alloc(65 * 1024 * 1024, "x"), '\n{"id":2,"method":"hello"}\n');
  expect(answers[0]?.error?.message).toMatch(/^it has 68157440 bytes, more than any message of ours/);
  expect(answers[1]).toMatchObject({ id: 2, result: { protocol: 1 } });
});

test("F18: a method of another version is refused with both versions", async () => {
  const answers = await answersTo('{"id":1,"method":"hello","params":{"version":"9.9.9"}}\n{"id":2,"method":"teleport"}\n');
  const last = answers.find(({ id }) => id === 2)?.error?.message;
  expect(last).toMatch(/^this host program knows no "teleport" \(the host program is version \d+\.\d+\.\d+, the other side 9\.9\.9\)$/);
});

test("F18: a step of a kind that this version does not know is refused before the first change, with both versions", async () => {
  const step = {
    id: "add/1",
    stage: "add",
    action: "add",
    key: "teleporter/x",
    label: "",
    before: null,
    after: { kind: "teleporter", name: "x" },
  };
  const plan = {
    planId: "0".repeat(16),
    clusterUuid: "d4f11e39-6ef2-4e12-ab56-bff12252d3e3",
    address: "192.0.2.1",
    basis: "0".repeat(64),
    operator: "ann",
  };
  const begin = { id: 2, method: "begin", params: { ...plan, steps: [{ ...step, differences: [], impact: "" }] } };
  const answers = await answersTo(`{"id":1,"method":"hello","params":{"version":"9.9.9"}}\n${JSON.stringify(begin)}\n`);
  const problem = answers.find(({ id }) => id === 2)?.error?.data.problems[0];
  expect(problem).toMatchObject({
    kind: "refused",
    why: expect.stringMatching(/steps\[0\]\.after.*\(the host program is version \S+, the other side 9\.9\.9\)$/),
  });
});

const HOSTILE = [
  "; reboot",
  "$(reboot)",
  "`reboot`",
  "-rf",
  "--help",
  "../../etc/shadow",
  "\n",
  "\u0000",
  "\u001b[2J",
  "\u202e",
  "a".repeat(100_000),
];
const NAMES = ["planId", "stage", "steps", "ids", "bridges", "probes", "calls", "clusterUuid", "address", "operator", "basis"];

const WITHOUT_PARAMETERS = new Set(["hello", "observe", "holders", "pending", "purge", "unfreeze", "drops"]);

test("B14, B15, B18: hostile words as every parameter of every method are refused or come to nothing", async () => {
  const methods = Object.keys(createHost().program.methods).filter((name) => !WITHOUT_PARAMETERS.has(name));
  expect(methods).toEqual(expect.arrayContaining(["begin", "runStage", "revert", "confirm", "finish", "containerPids", "probe.start"]));
  // they take nothing, or a name to write down, and here there is nothing to end
  const harmless = new Set(["pending", "probe.stop", "settle", "unfreeze"]);
  for (const word of HOSTILE) {
    const params = [
      word,
      [word],
      { [word]: word },
      ...[word, [word], [{ [word]: word }]].map((value) => Object.fromEntries(NAMES.map((name) => [name, value]))),
    ];
    const calls = methods.flatMap((method) => params.map((value) => ({ method, params: value })));
    const answers = await answersTo(calls.map((call, id) => `${JSON.stringify({ id, ...call })}\n`).join(""));
    expect(answers).toHaveLength(calls.length);
    for (const { id, error } of answers) {
      const { method } = calls[Number(id)]!;
      if (harmless.has(method)) continue;
      expect([method, error?.data.problems[0]?.kind], JSON.stringify(word).slice(0, 40)).toEqual([
        method,
        expect.stringMatching(/^(refused|conflict)$/),
      ]);
    }
  }
});

test("B16, B17: names of methods that every object has are no methods", async () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "", " ", "hello ", "HELLO"];
  const answers = await answersTo(names.map((method, id) => `${JSON.stringify({ id, method })}\n`).join(""));
  expect(kindsOf(answers)).toEqual(names.map(() => "refused"));
});
