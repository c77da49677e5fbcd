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

test("completion offers verbs, then a verb's options without those already given", async () => {
  const program = createProgram();
  expect(await completeWords(program, [])).toEqual(expect.arrayContaining(["plan", "apply", "lab"]));
  expect(await completeWords(program, ["lab"])).toEqual(expect.arrayContaining(["up", "down", "cut"]));
  expect(await completeWords(program, ["plan", "--json"])).toContain("--out");
  expect(await completeWords(program, ["plan", "--json"])).not.toContain("--json");
  expect(await completeWords(program, ["completion"])).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
});

test("completion of a value: the file's hosts after --host, files (nothing of ours) after --file, and no verb out of a value", async () => {
  const program = createProgram();
  const hostsOf = async (file: string): Promise<string[]> => (file === "prod.yaml" ? ["web1", "web2"] : ["vm1"]);
  expect(await completeWords(program, ["plan", "--host"], hostsOf)).toEqual(["vm1"]);
  expect(await completeWords(program, ["plan", "-f", "prod.yaml", "--host"], hostsOf)).toEqual(["web1", "web2"]);
  expect(await completeWords(program, ["plan", "--file"], hostsOf)).toEqual([]);
  expect(await completeWords(program, ["plan", "--file", "apply"], hostsOf)).toContain("--out");
  expect(await completeWords(program, ["unfreeze"], hostsOf)).toContain("vm1");
  expect(await completeWords(program, ["init", "--host"], hostsOf)).toEqual([]);
});
