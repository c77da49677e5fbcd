import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findControlFolder } from "./control-folder.ts";

let runtime: string;
beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), "spw-"));
});
afterEach(() => rmSync(runtime, { recursive: true, force: true }));

const find = (): string | undefined => findControlFolder({ XDG_RUNTIME_DIR: runtime });

test("a folder of our own, made once", () => {
  expect(find()).toBe(join(runtime, "spanwire"));
  expect(statSync(join(runtime, "spanwire")).mode & 0o777).toBe(0o700);
  expect(find()).toBe(join(runtime, "spanwire"));
});

test("one that others can write to, or a link to somewhere else, is not used", () => {
  mkdirSync(join(runtime, "spanwire"));
  chmodSync(join(runtime, "spanwire"), 0o770);
  expect(find()).toBeUndefined();
  rmSync(join(runtime, "spanwire"), { recursive: true });
  symlinkSync(tmpdir(), join(runtime, "spanwire"));
  expect(find()).toBeUndefined();
});

test("one too long for a socket's name", () => {
  const deep = join(runtime, "x".repeat(60));
  mkdirSync(deep);
  expect(findControlFolder({ XDG_RUNTIME_DIR: deep })).toBeUndefined();
});
