import { expect, test } from "vitest";
import { escapeControls } from "./escape-controls.ts";

test("B19: what a host says cannot paint the operator's terminal, and our colours stay", () => {
  expect(
    escapeControls("\u001b[31merror\u001b[39m \u001b[2J\u001b]0;title\u0007done\r\u009b31m\u202eexe.\nsecond\tline, naïve 日本 🐳"),
  ).toBe("\u001b[31merror\u001b[39m \\u{1b}[2J\\u{1b}]0;title\\u{7}done\\u{d}\\u{9b}31m\\u{202e}exe.\nsecond\tline, naïve 日本 🐳");
});
