import { expect, test } from "vitest";
import { completeWords } from "./completion.ts";
import { renderCliReference } from "./cli-reference.ts";
import { createProgram } from "./program.ts";

test("docs/reference/cli.md is what the command tree says (renew it with `vitest -u`)", async () => {
  await expect(renderCliReference(createProgram())).toMatchFileSnapshot("../../../docs/reference/cli.md");
});

test("every verb has a description and an example", () => {
  const verbs = createProgram().commands.filter((command) => command.commands.length === 0);
  for (const verb of verbs) {
    expect(verb.description(), verb.name()).not.toBe("");
    expect(renderCliReference(verb), verb.name()).toMatch(/Examples?\b.*:\n/);
  }
});

test("completion offers verbs, then a verb's options without those already given", () => {
  const program = createProgram();
  expect(completeWords(program, [])).toEqual(expect.arrayContaining(["plan", "apply", "lab"]));
  expect(completeWords(program, ["lab"])).toEqual(expect.arrayContaining(["up", "down", "cut"]));
  expect(completeWords(program, ["plan", "--json"])).toContain("--out");
  expect(completeWords(program, ["plan", "--json"])).not.toContain("--json");
  expect(completeWords(program, ["completion"])).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
});
