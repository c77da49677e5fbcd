import { expect, test } from "vitest";
import { defaultTimeoutMs } from "../../util/run.ts";
import { stretchOvsTimeout } from "./ovs-timeout.ts";

test.each([
  [20, 1, 20],
  [5, 1.5, 8],
  [20, 3.1, 62],
  [20, 20, 120],
])("F16: what takes less than %d s elsewhere has, on a host %d times slower, %d s, before it is ended", (ordinaryS, pace, expectedS) => {
  expect(stretchOvsTimeout(ordinaryS, pace)).toBe(expectedS);
  expect(defaultTimeoutMs(pace)).toBeGreaterThan(expectedS * 1000);
});
