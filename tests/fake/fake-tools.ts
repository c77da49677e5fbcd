import { toolOf, type Command, type ToolName } from "../../src/tools/index.ts";
import type { FakeHost } from "./fake-system.ts";
import { floodingTunnels, Refused, type KernelModel } from "./kernel-model.ts";
import { runDocker } from "./run-docker.ts";
import { runBridge, runEthtool, runIp } from "./run-ip.ts";
import { runNft } from "./run-nft.ts";
import { runOvs } from "./run-ovs.ts";
import { runWg } from "./run-wg.ts";

type CommandOf<Name extends ToolName> = Extract<Command, { tool: Name }>;
/** A tool whose commands are one transaction does all of them; the others one by one, and are watched in between. */
type FakeTool<Name extends ToolName> =
  | { all(host: FakeHost, commands: readonly CommandOf<Name>[]): void }
  | { each(host: FakeHost, command: CommandOf<Name>): void };

/** How the fake host does what each registered tool does: the type asks for every one. */
export const FAKE_TOOLS: { [Name in ToolName]: FakeTool<Name> } = {
  ip: { each: ({ kernel }, { args }) => runIp(kernel, args) },
  wg: { each: ({ kernel, state }, command) => runWg(kernel, state.keys, command) },
  bridge: { each: ({ kernel }, { args }) => runBridge(kernel, args) },
  ethtool: { each: ({ kernel }, { args }) => runEthtool(kernel, args) },
  ovs: {
    all: ({ ovs, kernel }, commands) =>
      runOvs(
        ovs,
        kernel,
        commands.map(({ args }) => args),
      ),
  },
  nft: { all: ({ nft }, commands) => runNft(nft, commands.map(({ script }) => script).join("")) },
  iptables: {
    each({ rules }, { op, chain, rule, comment }) {
      const list = rules[chain];
      const known = list.findIndex((entry) => entry.rule === rule && entry.comment === comment);
      if (op === "withdraw" && known < 0) throw new Refused("iptables: Bad rule (does a matching rule exist in that chain?).");
      if (op === "withdraw") list.splice(known, 1);
      else if (known < 0) list.unshift({ rule, comment });
    },
  },
  sysctl: { each: ({ kernel }, { key, value }) => writeSysctl(kernel, key, value) },
  state: {
    each({ state }, { op, key, value }) {
      const { [key]: known, ...others } = state.former;
      state.former = op === "forget" ? others : { ...others, [key]: known ?? value };
    },
  },
  file: {
    each: ({ files }, command) => void (command.op === "write" ? files.set(command.path, command.content) : files.delete(command.path)),
  },
  docker: { each: ({ docker, kernel }, command) => runDocker(docker, kernel, command) },
};

/** Commands of one tool. Throws Refused as the tool would fail. */
export function runFake(host: FakeHost, commands: readonly Command[]): void {
  const [first] = commands;
  if (first === undefined) return;
  const fake = FAKE_TOOLS[first.tool] as FakeTool<never>;
  if ("all" in fake) return fake.all(host, commands as never);
  for (const command of commands) {
    fake.each(host, command as never);
    for (const link of host.kernel.links.values()) {
      if (link.kind === "bridge" && floodingTunnels(host.kernel, link.name).length > 1)
        host.loops.push(`${link.name} after ${toolOf(command).render(command).join("; ")}`);
    }
  }
}

function writeSysctl(kernel: KernelModel, key: string, value: string): void {
  const tables = [kernel.sysctls, ...[...kernel.links.values()].map((link) => link.sysctls)];
  const table = tables.find((candidate) => candidate.has(key));
  if (table === undefined) throw new Refused(`ENOENT: no such file or directory, open '/proc/sys/${key.replaceAll(".", "/")}'`);
  table.set(key, value);
}
