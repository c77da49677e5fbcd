import { expect, test } from "vitest";
import { isSameProcess, processIdentity } from "./process-identity.ts";

test("a pid that was given to somebody else is not the same process", () => {
  const self = processIdentity(process.pid);
  if (self === undefined) throw new Error("we do not exist");
  expect(isSameProcess(self)).toBe(true);
  expect(isSameProcess({ ...self, startTicks: "1" })).toBe(false);
  expect(processIdentity(4_194_305)).toBeUndefined(); // above the kernel's largest pid (PID_MAX_LIMIT)
});
