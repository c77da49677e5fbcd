import { expect, test, vi } from "vitest";
import { runBatches } from "./run-batches.ts";

vi.mock("../../util/patience.ts", () => ({ PATIENCE: 4 }));

test("on a host four times slower than usual, the guard hears of four times the wait for Open vSwitch, and of its end", async () => {
  const heard: number[] = [];
  const item = { stepId: "s1", command: { tool: "ovs" as const, args: ["del-br", "x"] } };
  await runBatches([{ tool: "ovs", items: [item] }], {
    ...{ planId: "p1", phase: "add" },
    system: { observe: () => Promise.reject(new Error("nobody asks")), execute: () => Promise.resolve({ ok: true, why: "", notes: [] }) },
    state: { append: () => undefined } as never,
    onBatch: (estimateMs) => heard.push(estimateMs),
  });
  expect(heard).toHaveLength(2);
  expect(heard[0]).toBeGreaterThan(4 * 20_000);
  expect(heard[1]).toBe(0);
});
