import { isIPv6 } from "node:net";
import { ping } from "./ping.ts";
import type { PathMtuParams, PathMtuResult } from "./protocol.ts";

/** The least every link must carry: RFC 791 (68, of which an echo request needs some) and RFC 8200. */
const SMALLEST_BYTES = { ipv4: 84, ipv6: 1280 };
/** Sizes tried at a time: 11-fold narrowing finds the MTU among 1,300 sizes in three rounds. */
const AT_ONCE = 10;
/** One lost packet must not be taken for a small MTU. */
const COUNT = 2;

export type Passes = (sizeBytes: number) => Promise<boolean>;

/** Largest packet that passes with "don't fragment" set. `failedBytes` is asked for again first: it may only have been lost. */
export async function findPathMtu(params: PathMtuParams, prefix: readonly string[] = []): Promise<PathMtuResult> {
  const { target, timeoutMs } = params;
  const passes: Passes = async (sizeBytes) => {
    const [result] = await ping({ targets: [target], sizeBytes, dontFragment: true, count: COUNT, timeoutMs }, prefix);
    return result !== undefined && result.received > 0;
  };
  if (await passes(params.failedBytes)) return { target, mtuBytes: params.failedBytes };
  const smallest = isIPv6(target) ? SMALLEST_BYTES.ipv6 : SMALLEST_BYTES.ipv4;
  return { target, mtuBytes: await searchLargest(passes, smallest, params.failedBytes, params.hintBytes) };
}

/** Pure search, so that it can be tested without a network: `passes` must be monotonic. */
export async function searchLargest(passes: Passes, smallest: number, failed: number, hint?: number): Promise<number | null> {
  if (smallest >= failed || !(await passes(smallest))) return null;
  let low = smallest;
  let high = failed;
  let candidates = hint !== undefined && hint > low && hint < high ? [hint, hint + 1].filter((size) => size < high) : spread(low, high);
  while (high - low > 1) {
    const passed = await Promise.all(candidates.map(passes));
    for (const [index, size] of candidates.entries()) {
      if (passed[index] === true) low = Math.max(low, size);
    }
    for (const [index, size] of candidates.entries()) {
      if (passed[index] !== true && size > low) high = Math.min(high, size);
    }
    candidates = spread(low, high);
  }
  return low;
}

function spread(low: number, high: number): number[] {
  const sizes = Array.from({ length: AT_ONCE }, (_, index) => low + Math.round(((index + 1) * (high - low)) / (AT_ONCE + 1)));
  return [...new Set(sizes)].filter((size) => size > low && size < high);
}
