import { expect, test } from "vitest";
import { findPace } from "./pace.ts";

test("an ordinary and a busy machine are not waited for any longer", () => {
  expect([findPace(25), findPace(100)]).toEqual([1, 1]);
});

test("a slow machine is given its own multiple of time, up to a limit", () => {
  expect([findPace(250), findPace(1_500), findPace(90_000)]).toEqual([2.5, 15, 20]);
});
