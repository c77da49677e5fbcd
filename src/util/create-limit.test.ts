import { expect, test } from "vitest";
import { createLimit } from "./create-limit.ts";

test("never more at once than allowed, all get their turn, and one that fails frees its place", async () => {
  const limit = createLimit(3);
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      limit(async () => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running -= 1;
        if (index % 4 === 0) throw new Error("no");
        return index;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(15);
  expect(running).toBe(0);
});
