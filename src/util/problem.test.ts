import { expect, test } from "vitest";
import { formatProblem } from "./problem.ts";

test("B19: what a host says cannot paint the operator's terminal", () => {
  const why = "\u001b[2J\u001b]0;title\u0007done\r\u009b31m\u202eexe.\nsecond\tline";
  expect(formatProblem({ kind: "command", doing: "adding", what: "x", where: "vm1", why, try: "again" })).toBe(
    "adding x on vm1: \\u{1b}[2J\\u{1b}]0;title\\u{7}done\\u{d}\\u{9b}31m\\u{202e}exe.\nsecond\tline\n  try: again",
  );
});
