import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { discardTypedAhead } from "./discard-typed-ahead.ts";

const reading = (isTTY: boolean): PassThrough & { isTTY: boolean } => Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY });

test("at a terminal, every line typed before the question is gone, and the next one is there", async () => {
  const input = reading(true);
  input.write("\n");
  input.write("yes\n");
  await discardTypedAhead(input);
  expect(input.isPaused()).toBe(true);
  expect(input.read()).toBeNull();
  input.write("now\n");
  expect(input.read()).toBe("now\n");
});

test("lines that come one a turn, as a terminal gives them, are all gone", async () => {
  const input = reading(true);
  let left = 5;
  input.on("data", () => (left-- > 0 ? setImmediate(() => input.write("\n")) : undefined));
  input.pause();
  input.write("\n");
  await discardTypedAhead(input);
  expect(left).toBe(-1);
  expect(input.read()).toBeNull();
});

test("what a program writes is meant, also when it wrote early", async () => {
  const input = reading(false);
  input.write("\n");
  await discardTypedAhead(input);
  expect(input.read()).toBe("\n");
});
