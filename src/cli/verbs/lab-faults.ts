import { type Command, InvalidArgumentError } from "commander";
import { DAEMON_SIGNALS, DAEMONS, killDaemon, startHostDaemon } from "../../lab/host/daemons.ts";
import { powerOff, powerOn, rebootHost } from "../../lab/host/power.ts";
import { healLab } from "../../lab/heal-lab.ts";
import { cutHosts, loseBetween, setHostMtu } from "../../lab/lab-faults.ts";
import { getLabHost, readLab } from "../../lab/lab-state.ts";
import { requireRoot } from "../../lab/require-root.ts";
import { parseNumber, parseOneOf, print, runArgument, withRun, type RunOption } from "./lab-options.ts";

export function registerFaults(lab: Command): void {
  withRun(lab.command("cut"))
    .argument("<a>", "a host")
    .argument("<b>", "another host")
    .description("drop everything between two hosts on the data network, both ways, until `heal`")
    .addHelpText("after", "\nExample:\n  $ spanwire lab cut h1 h3\n")
    .action(async (a: string, b: string, options: RunOption) => {
      requireRoot("cutting hosts apart in lab", options.run);
      const state = readLab(options.run);
      await cutHosts(state, getLabHost(state, a), getLabHost(state, b));
      print(`nothing passes between ${a} and ${b} any more; undo with \`spanwire lab heal${runArgument(options.run)}\``);
    });
  withRun(lab.command("mtu"))
    .argument("<host>", "a host")
    .argument("<bytes>", "the new MTU of its data network card", parseNumber)
    .option("--silent", "change the switch's port instead, which drops larger frames without a word")
    .description("make one host's path smaller, until `heal`")
    .addHelpText("after", "\nExamples:\n  $ spanwire lab mtu h2 1400\n  $ spanwire lab mtu h2 1400 --silent\n")
    .action(async (name: string, bytes: number, options: RunOption & { silent?: boolean }) => {
      requireRoot("setting an MTU in lab", options.run);
      const state = readLab(options.run);
      await setHostMtu(state, getLabHost(state, name), bytes, options.silent ?? false);
      const how = options.silent ? "the switch silently drops larger frames from and to" : "its own network card is set:";
      print(`${bytes} bytes: ${how} ${name}; undo with \`spanwire lab heal${runArgument(options.run)}\``);
    });
  withRun(lab.command("loss"))
    .argument("<a>", "a host")
    .argument("<b>", "another host")
    .argument("<percent>", "how many of a hundred frames are lost, as 5% or 0.1%; 0% ends it", parsePercent)
    .description("lose frames at random between two hosts on the data network, both ways, until `heal`")
    .addHelpText("after", "\nExamples:\n  $ spanwire lab loss h1 h3 5%\n  $ spanwire lab loss h1 h3 0%\n")
    .action(async (a: string, b: string, percent: number, options: RunOption) => {
      requireRoot("losing frames in lab", options.run);
      const state = readLab(options.run);
      await loseBetween(state, getLabHost(state, a), getLabHost(state, b), percent);
      const undo = `undo with \`spanwire lab heal${runArgument(options.run)}\``;
      print(
        percent === 0 ? `no frames between ${a} and ${b} are lost` : `${percent}% of the frames between ${a} and ${b} are lost; ${undo}`,
      );
    });
}

export function registerPower(lab: Command): void {
  withRun(lab.command("poweroff"))
    .argument("<host>", "a host")
    .description("cut a host's power: everything in it dies, nothing answers, its disk is as it was, until `poweron` or `heal`")
    .addHelpText("after", "\nExample:\n  $ spanwire lab poweroff h2\n")
    .action(async (name: string, options: RunOption) => {
      requireRoot("cutting the power of a host of lab", options.run);
      const state = readLab(options.run);
      await powerOff(state, getLabHost(state, name));
      print(`${name} has no power; undo with \`spanwire lab poweron ${name}${runArgument(options.run)}\``);
    });
  withRun(lab.command("poweron"))
    .argument("<host>", "a host that has no power")
    .option("--no-restore", "as on a machine where our boot unit is missing")
    .description("start a host again: its network is empty, its disk is as it was")
    .addHelpText("after", "\nExample:\n  $ spanwire lab poweron h2\n")
    .action(async (name: string, options: RunOption & { restore: boolean }) => {
      requireRoot("starting a host of lab", options.run);
      const state = readLab(options.run);
      await powerOn(state, getLabHost(state, name), { restore: options.restore });
      print(`${name} is up${options.restore ? ", and has restored what was confirmed" : ""}`);
    });
  withRun(lab.command("reboot"))
    .argument("<host>", "a host")
    .option("--no-restore", "as on a machine where our boot unit is missing")
    .description("cut a host's power and start it again: its network is empty, its disk is as it was")
    .addHelpText("after", "\nExample:\n  $ spanwire lab reboot h2\n")
    .action(async (name: string, options: RunOption & { restore: boolean }) => {
      requireRoot("rebooting a host of lab", options.run);
      const state = readLab(options.run);
      await rebootHost(state, getLabHost(state, name), { restore: options.restore });
      print(`${name} is up again${options.restore ? ", and has restored what was confirmed" : ""}`);
    });
  withRun(lab.command("heal"))
    .description("undo every cut, loss and MTU fault, and start every killed daemon and every host without power")
    .action(async (options: RunOption) => {
      requireRoot("healing lab", options.run);
      await healLab(readLab(options.run));
      print(`lab "${options.run}" has no faults any more`);
    });
}

export function registerDaemonFaults(lab: Command): void {
  const daemons = DAEMONS.join(", ");
  withRun(lab.command("kill"))
    .argument("<host>", "a host")
    .argument("<daemon>", daemons, parseOneOf(DAEMONS))
    .option("--signal <name>", DAEMON_SIGNALS.join(", "), parseOneOf(DAEMON_SIGNALS), "KILL")
    .description("end a host's daemon, or with STOP make it hang, until `start` or `heal`; nothing starts it again by itself")
    .addHelpText("after", "\nExamples:\n  $ spanwire lab kill h1 ovs-vswitchd\n  $ spanwire lab kill h2 dockerd --signal STOP\n")
    .action(async (name: string, daemon: (typeof DAEMONS)[number], options: RunOption & { signal: (typeof DAEMON_SIGNALS)[number] }) => {
      requireRoot("killing a daemon of lab", options.run);
      const state = readLab(options.run);
      await killDaemon(state, getLabHost(state, name), daemon, options.signal);
      const how = options.signal === "STOP" ? "hangs" : "has ended";
      print(`${daemon} on ${name} ${how}; undo with \`spanwire lab start ${name} ${daemon}${runArgument(options.run)}\``);
    });
  withRun(lab.command("start"))
    .argument("<host>", "a host")
    .argument("<daemon>", daemons, parseOneOf(DAEMONS))
    .description("start a host's daemon that was killed, or wake one that hangs")
    .addHelpText("after", "\nExample:\n  $ spanwire lab start h1 ovs-vswitchd\n")
    .action(async (name: string, daemon: (typeof DAEMONS)[number], options: RunOption) => {
      requireRoot("starting a daemon of lab", options.run);
      const state = readLab(options.run);
      await startHostDaemon(state, getLabHost(state, name), daemon);
      print(`${daemon} on ${name} runs`);
    });
}

function parsePercent(text: string): number {
  if (!/^\d+(\.\d{1,2})?%$/.test(text)) throw new InvalidArgumentError("Write it like 5% or 0.25%.");
  return Number(text.slice(0, -1));
}
