import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createPendingCalls } from "./pending-calls.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const answerTo = (line: string, result: unknown): string =>
  JSON.stringify({ jsonrpc: "2.0", id: (JSON.parse(line) as { id: number }).id, result });

test("a host that says nothing is late", async () => {
  const failure = createPendingCalls("vm1").add("observe", {}, 1000).answer.catch(String);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await failure).toContain("no word from it for 1000 ms");
});

test("a slow host that goes on answering other requests is waited for", async () => {
  const calls = createPendingCalls("vm1");
  const stage = calls.add("observe", {}, 1000);
  for (let turn = 0; turn < 5; turn++) {
    await vi.advanceTimersByTimeAsync(900);
    const hello = calls.add("hello", {}, 1000);
    calls.settle(answerTo(hello.line, {}));
    await hello.answer;
  }
  calls.settle(answerTo(stage.line, "done"));
  expect(await stage.answer).toBe("done");
});

test("but not for ever", async () => {
  const calls = createPendingCalls("vm1");
  const failure = calls.add("observe", {}, 1000).answer.catch(String);
  for (let turn = 0; turn < 12; turn++) {
    await vi.advanceTimersByTimeAsync(900);
    calls.settle(answerTo(calls.add("hello", {}, 1000).line, {}));
  }
  expect(await failure).toContain("no word from it");
});
