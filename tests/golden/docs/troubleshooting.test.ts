import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const SOURCE = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.includes(".test."))
  .map((path) => readFileSync(join("src", path), "utf8"))
  .join("\n");

/** Words of the program between quotation marks, without what differs from case to case. */
function fragmentsOf(page: string): string[] {
  const rows = page.split("\n").filter((line) => line.startsWith("| "));
  const quoted = rows.flatMap((row) => [...(row.split(" | ")[0] ?? "").matchAll(/"([^"]+)"/g)].map(([, words]) => words!));
  return quoted.flatMap((words) => words.split(/\.\.\.|\bN\b|\bvm1\b|\btun0\b|\bnft\b|\d+|ip filter FORWARD/).map((part) => part.trim()));
}

test("docs/troubleshooting.md quotes what the program says", () => {
  const fragments = fragmentsOf(readFileSync("docs/troubleshooting.md", "utf8")).filter((part) => part.length > 3);
  expect(fragments.length).toBeGreaterThan(15);
  expect(fragments.filter((part) => !SOURCE.includes(part))).toEqual([]);
});
