import { writeFile } from "node:fs/promises";
import type { Batch } from "../../tools/batch-steps.ts";
import type { Command } from "../../model/resource.ts";
import { SpanwireError } from "../../model/problem.ts";
import { describeRun, run } from "../../util/run.ts";
import { callDocker } from "../observe/docker-api.ts";
import { executeFiles } from "./execute-files.ts";
import type { BatchResult } from "./host-system.ts";
import { stretchOvsTimeout } from "./ovs-timeout.ts";
import { sysctlPath } from "../observe/read-snapshot.ts";
import type { StateDirectory } from "../state/state-directory.ts";
import { sweepRange } from "./sweep-range.ts";

/** Does one batch: the only code that changes a host. */
export async function executeBatch(batch: Batch, state: StateDirectory): Promise<BatchResult> {
  const commands = batch.items.map((item) => item.command);
  try {
    switch (batch.tool) {
      case "ip":
      case "bridge":
        return await runLines(batch.tool, commands);
      case "ovs":
        return await runTransaction(commands);
      case "ethtool":
        return await runEach(commands);
      case "nft":
        return await runNft(commands);
      case "sysctl":
      case "state":
        return await applySettings(commands, state);
      case "file":
        return await executeFiles(commands);
      case "docker":
        return await changeDocker(commands);
    }
  } catch (error) {
    const why = error instanceof SpanwireError ? error.problems.map((problem) => problem.why).join("; ") : (error as Error).message;
    return { ok: false, why, notes: [] };
  }
}

/** `ip -batch -` stops at the first line that fails and names it by number; we name it by its words. */
async function runLines(tool: "ip" | "bridge", commands: readonly Command[]): Promise<BatchResult> {
  const lines = commands.flatMap((command) => (command.tool === tool ? [command.args.map(requireWord).join(" ")] : []));
  const result = await run([tool, "-batch", "-"], { stdin: `${lines.join("\n")}\n` });
  if (result.exitCode === 0) return { ok: true, why: "", notes: [] };
  const failed = /Command failed -:(\d+)/.exec(result.stderr);
  const line = failed === null ? undefined : lines[Number(failed[1]) - 1];
  const said = result.stderr.replace(/Command failed -:\d+/, "").trim();
  return { ok: false, why: line === undefined ? describeRun(result) : `\`${tool} ${line}\` failed: ${said}`, notes: [] };
}

/** ethtool(8) takes one device a call. */
async function runEach(commands: readonly Command[]): Promise<BatchResult> {
  for (const command of commands) {
    if (command.tool !== "ethtool") continue;
    const result = await run(["ethtool", ...command.args]);
    if (result.exitCode !== 0) return { ok: false, why: describeRun(result), notes: [] };
  }
  return { ok: true, why: "", notes: [] };
}

/** Batch files split at blanks and know quotes, comments and continuations: a word with such a character is refused. */
function requireWord(word: string): string {
  if (/^[^\s'"#\\]+$/.test(word) || word === '""') return word; // "" is the empty word, to take an alias away
  throw new Error(`not a plain word: ${JSON.stringify(word)}`);
}

/** Longest run of arguments in one process; the kernel takes 2 MB with the environment (execve(2)). */
const MOST_ARGUMENT_BYTES = 1_000_000;
/** Seconds ovs-vsctl waits for ovs-vswitchd to do what the database says; a daemon that hangs must not hang us (ovs-vsctl(8), --timeout). */
const OVS_TIMEOUT_S = stretchOvsTimeout(20);

/** One transaction: all of it or nothing. It may complain and exit 0, so what it says counts too. */
async function runTransaction(commands: readonly Command[]): Promise<BatchResult> {
  const words = commands.flatMap((command) => (command.tool === "ovs" ? ["--", ...command.args] : []));
  if (words.reduce((sum, word) => sum + word.length + 1, 0) > MOST_ARGUMENT_BYTES) {
    const half = Math.ceil(commands.length / 2);
    const first = await runTransaction(commands.slice(0, half));
    return first.ok ? runTransaction(commands.slice(half)) : first;
  }
  const result = await run(["ovs-vsctl", `--timeout=${OVS_TIMEOUT_S}`, ...words]);
  const complaint = /^ovs-vsctl: Error detected while setting up .*$/m.exec(result.stderr)?.[0];
  if (result.exitCode === 0) return { ok: complaint === undefined, why: complaint ?? "", notes: [] };
  const why = result.signal === "SIGALRM" ? `ovs-vswitchd did not follow within ${OVS_TIMEOUT_S} s` : describeRun(result);
  return { ok: false, why, notes: [] };
}

async function runNft(commands: readonly Command[]): Promise<BatchResult> {
  const script = commands.map((command) => (command.tool === "nft" ? command.script : "")).join("");
  const result = await run(["nft", "-f", "-"], { stdin: script });
  return { ok: result.exitCode === 0, why: result.exitCode === 0 ? "" : describeRun(result), notes: [] };
}

async function applySettings(commands: readonly Command[], state: StateDirectory): Promise<BatchResult> {
  for (const command of commands) {
    if (command.tool === "sysctl") await writeFile(sysctlPath(command.key), command.value);
    if (command.tool !== "state") continue;
    const { [command.key]: known, ...others } = await state.readFormer();
    // the first value found is the one to give back; a later one would be ours
    await state.writeFormer(command.op === "forget" ? others : { ...others, [command.key]: known ?? command.value });
  }
  return { ok: true, why: "", notes: [] };
}

async function changeDocker(commands: readonly Command[]): Promise<BatchResult> {
  const notes: string[] = [];
  for (const command of commands) {
    if (command.tool !== "docker") continue;
    if (command.op === "remove-network") await callDocker("DELETE", `/networks/${encodeURIComponent(command.name)}`);
    else notes.push(...(await createNetwork(command)));
  }
  return { ok: true, why: "", notes };
}

/** Addresses of the range that answer already become auxiliary addresses, which Docker does not hand out. */
async function createNetwork({ body, sweep }: Extract<Command, { op: "create-network" }>): Promise<string[]> {
  const { squatters } = await sweepRange(sweep.device, sweep.range);
  const auxiliary = Object.fromEntries(squatters.map(({ address }, index) => [`squatter-${index + 1}`, address]));
  const pools = body.IPAM.Config.map((pool) => ({ ...pool, AuxiliaryAddresses: { ...pool.AuxiliaryAddresses, ...auxiliary } }));
  await callDocker("POST", "/networks/create", { ...body, IPAM: { ...body.IPAM, Config: pools } });
  return squatters.map(
    ({ address, mac }) => `${address} is already used on network ${body.Name} by ${mac}: Docker will not hand it out (auxiliary address)`,
  );
}
