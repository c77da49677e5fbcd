import fc from "fast-check";
import { expect, test } from "vitest";
import { searchLargest } from "./path-mtu.ts";

test("finds every MTU in a few rounds, with and without a hint", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 84, max: 8999 }),
      fc.option(fc.integer({ min: 68, max: 9100 }), { nil: undefined }),
      async (mtu, hint) => {
        let asked = 0;
        const passes = (size: number): Promise<boolean> => {
          asked++;
          return Promise.resolve(size <= mtu);
        };
        expect(await searchLargest(passes, 84, 9000, hint)).toBe(mtu);
        expect(asked).toBeLessThanOrEqual(1 + 2 + 5 * 10);
      },
    ),
  );
});

test("a true hint needs no search", async () => {
  const asked: number[] = [];
  const passes = (size: number): Promise<boolean> => {
    asked.push(size);
    return Promise.resolve(size <= 1350);
  };
  expect(await searchLargest(passes, 84, 1450, 1350)).toBe(1350);
  expect(asked).toEqual([84, 1350, 1351]);
});

test("nothing passes: no MTU is invented", async () => {
  expect(await searchLargest(() => Promise.resolve(false), 84, 1450)).toBeNull();
});
