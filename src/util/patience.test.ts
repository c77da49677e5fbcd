import { expect, test } from "vitest";
import { patienceEnvironment, readPatience } from "./patience.ts";

test("patience is a number from 1 to 20", () => {
  expect([readPatience("1"), readPatience(" 2.5 "), readPatience("20")]).toEqual([1, 2.5, 20]);
});

test.each([undefined, "", "0", "-3", "21", "much", "NaN", "Infinity"])("%j is no patience", (text) => {
  expect(readPatience(text)).toBeUndefined();
});

test("other processes are told of it only when it is not the usual one", () => {
  expect([patienceEnvironment(1), patienceEnvironment(3)]).toEqual([{}, { SPANWIRE_PATIENCE: "3" }]);
});
