import { afterEach, expect, test, vi } from "vitest";
import { runMain } from "../program/run-main.ts";
import { createProgram } from "../program/program.ts";
import type { Command } from "commander";
import { envelopeJsonSchema, envelopeSchema, findEnvelopeKind } from "./envelope.ts";

test("docs/reference/output.schema.json is what `--json` prints (renew it with `vitest -u`)", async () => {
  await expect(`${JSON.stringify(envelopeJsonSchema(), null, 2)}\n`).toMatchFileSnapshot("../../../docs/reference/output.schema.json");
});

/** "plan", "doctor addresses" */
function jsonVerbs(command: Command, words: readonly string[]): string[] {
  const own = command.options.some(({ long }) => long === "--json") ? [words.join(" ")] : [];
  return [...own, ...command.commands.flatMap((child) => jsonVerbs(child, [...words, child.name()]))];
}

const VERBS = jsonVerbs(createProgram(), []);

test("the verbs that print JSON are those of the schema", () => {
  expect(VERBS.toSorted()).toEqual([
    ...["apply", "destroy", "doctor addresses", "explain ports", "graph", "lab list", "lab status", "plan", "status", "validate", "verify"],
  ]);
});

test.each(VERBS)("%s --json that fails altogether is found by its words, and only with --json", (verb) => {
  const words = verb.split(" ");
  const kind = findEnvelopeKind(["node", "spanwire", ...words, "--json", "--file", "none.yaml"]);
  expect(kind).toBe(words.join("-"));
  expect(findEnvelopeKind(["node", "spanwire", ...words])).toBeUndefined();
  const problem = { kind: "input", doing: "reading", what: "none.yaml", where: "", why: "it is not there", try: "write it" };
  expect(envelopeSchema.safeParse({ version: 1, kind, ok: false, problems: [problem] }).success).toBe(true);
  for (const wrong of [
    { version: 1, kind, ok: false, problems: [] },
    { version: 1, kind, ok: true, problems: [problem] },
    { kind, ok: false, problems: [problem] },
  ])
    expect(envelopeSchema.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

test.each(VERBS.filter((verb) => !verb.startsWith("lab ")))(
  "%s --json without a file to read: one document that says so, and exit 1",
  async (verb) => {
    let out = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
    vi.spyOn(process.stderr, "write").mockImplementation(() => true);
    const yes = ["apply", "destroy"].includes(verb) ? ["--yes"] : [];
    await runMain(["node", "spanwire", ...verb.split(" "), "--json", "--file", "/nowhere/none.yaml", ...yes]);
    const envelope = envelopeSchema.parse(JSON.parse(out));
    expect(envelope).toMatchObject({
      kind: verb.replace(" ", "-"),
      ok: false,
      problems: [{ kind: "input", what: expect.stringContaining("none.yaml") }],
    });
    expect(process.exitCode).toBe(1);
  },
);
