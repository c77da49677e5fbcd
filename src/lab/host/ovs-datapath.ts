import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { SpanwireError } from "../../model/problem.ts";
import { CLEAN_ENV } from "../../util/run.ts";
import type { OvsDatapath } from "../lab-state.ts";

/** `auto`: the kernel's where it has the module, else userspace; none where Open vSwitch is not installed. */
export type OvsChoice = OvsDatapath | "auto";

export const OVS_CHOICES: readonly OvsChoice[] = ["auto", "kernel", "netdev", "none"];

const DAEMON = "ovs-vswitchd";

export function resolveDatapath(runId: string, choice: OvsChoice): OvsDatapath {
  if (choice === "none") return "none";
  const hasDaemon = (CLEAN_ENV["PATH"] ?? "").split(":").some((directory) => existsSync(`${directory}/${DAEMON}`));
  if (choice === "auto") return hasDaemon ? (hasModule() ? "kernel" : "netdev") : "none";
  if (!hasDaemon) throw unsupported(runId, `this machine has no ${DAEMON}`, "install the package openvswitch-switch, or use --ovs none");
  if (choice === "kernel" && !hasModule()) throw unsupported(runId, "this kernel has no openvswitch module", "use --ovs netdev");
  return choice;
}

/** Loaded, or to be loaded by modprobe(8), which looks it up in this list (depmod(8)). */
function hasModule(): boolean {
  if (existsSync("/sys/module/openvswitch")) return true;
  try {
    return /\/openvswitch\.ko[.\w]*:/.test(readFileSync(`/lib/modules/${release()}/modules.dep`, "utf8"));
  } catch {
    return false; // a kernel without modules
  }
}

function unsupported(runId: string, why: string, advice: string): SpanwireError {
  return new SpanwireError({ kind: "unsupported", doing: "starting the lab", what: runId, where: "", why, try: advice });
}
