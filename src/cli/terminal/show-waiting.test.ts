import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection, Transport } from "../../transport/connection.ts";
import { say } from "./output.ts";
import { showWaiting } from "./show-waiting.ts";

let written: string[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
  written = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => (written.push(String(text)), true));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Hosts answer when they are told to. */
function createSlow(): { transport: Transport; answer(host: string): void } {
  const answers = new Map<string, () => void>();
  const open = async ({ name }: { name: string }): Promise<Connection> => ({
    host: name,
    request: (() => new Promise<void>((resolve) => answers.set(name, resolve))) as never,
    close: () => Promise.resolve(),
  });
  return { transport: { name: "slow", open }, answer: (host) => answers.get(host)?.() };
}

const target = (name: string) => ({ name, address: "", ssh: "" });

test("from the first second on it says who is waited for, and takes the line away when all have answered", async () => {
  const { transport, answer } = createSlow();
  const shown = showWaiting(transport, { isShown: true });
  const [a, b] = await Promise.all([shown.open(target("vm1")), shown.open(target("vm2"))]);
  const reads = [a.request("observe", {}), b.request("observe", {})];
  vi.advanceTimersByTime(900);
  expect(written.join("")).not.toContain("reading");
  vi.advanceTimersByTime(3_000);
  expect(written.at(-1)).toContain("  3 s  reading: vm1, vm2");
  answer("vm1");
  await reads[0];
  expect(written.at(-1)).toContain("reading: vm2");
  say("vm1: read");
  expect(written.slice(-3)).toEqual(["\r\u001b[K", "vm1: read\n", expect.stringContaining("reading: vm2")]);
  answer("vm2");
  await reads[1];
  expect(written.at(-1)).toBe("\r\u001b[K");
  vi.advanceTimersByTime(5_000);
  expect(written.at(-1)).toBe("\r\u001b[K");
});

test("nobody watches: the transport is what it was, and nothing is written", async () => {
  const { transport } = createSlow();
  expect(showWaiting(transport, { isShown: false })).toBe(transport);
});
