import { readFileSync } from "node:fs";

/**
 * Milliseconds since the machine started, the same in every process of it (CLOCK_BOOTTIME, proc(5) "uptime"): a deadline
 * in it is met whatever happens to the wall clock, also after a suspend.
 */
export function readBootTimeMs(): number {
  return Math.round(Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000);
}
