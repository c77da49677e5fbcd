import { PassThrough } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { askYes, requireVoice } from "./ask-yes.ts";

afterEach(() => vi.restoreAllMocks());
const hush = () => vi.spyOn(process.stderr, "write").mockImplementation(() => true);

test.each([
  ["yes\n", true],
  [" Y \n", true],
  ["no\n", false],
  ["\n", false],
  ["yes please\n", false],
  ["", false],
])("the answer %j is yes: %s", async (typed, expected) => {
  const said = hush();
  const input = new PassThrough();
  input.end(typed);
  expect(await askYes("Apply this?", input)).toBe(expected);
  expect(said.mock.calls.join("")).toContain("Apply this? Type yes to go on:");
});

test("without a terminal only --yes goes on; the refusal is a matter of the command line", () => {
  const said = hush();
  expect(() => requireVoice("apply", true, {})).not.toThrow();
  expect(() => requireVoice("apply", false, { isTTY: true })).not.toThrow();
  expect(() => requireVoice("destroy", false, {})).toThrow(expect.objectContaining({ exitCode: 2 }));
  expect(said.mock.calls.join("")).toContain("destroy changes hosts, and there is no terminal to ask at: add --yes");
});
