import { existsSync, readlinkSync } from "node:fs";

/** sd_booted(3); a lab host's processes see the machine's systemd, which is not theirs. */
export function isSystemdOurs(): boolean {
  return existsSync("/run/systemd/system") && readlinkSync("/proc/self/ns/net") === readlinkSync("/proc/1/ns/net");
}
