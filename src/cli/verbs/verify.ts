import type { Command } from "commander";
import { prepareVerify, type VerifyInputs } from "../../engine/prepare-verify.ts";
import { nameDrops } from "../../engine/name-drops.ts";
import { keepAlive } from "../../engine/keep-alive.ts";
import { limitTarget } from "../../verify/measure/limit-target.ts";
import { renderReport } from "../../verify/report/render.ts";
import { verifyCluster, verifyPairs } from "../../verify/verify-cluster.ts";
import { interruptible } from "../terminal/interrupt.ts";
import { resolveLab, withHosts, withTarget } from "../program/options.ts";
import { openSession, requireHosts } from "../program/session.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { print } from "../terminal/output.ts";

export interface VerifyFlags {
  file: string;
  /** Limits the run to these hosts. */
  host?: string[];
  containers?: boolean;
  strict?: boolean;
  json?: boolean;
}

/** Width for a reader that is no terminal. */
const PIPE_COLUMNS = 120;

export function registerVerify(program: Command, prepare: (flags: VerifyFlags) => Promise<VerifyInputs>): void {
  withHosts(withTarget(program.command("verify")), "only these hosts and the pairs among them")
    .description("measure every promise: reachability, packet size, single copies of broadcasts, isolation, the outside")
    .option("--containers", "also between running containers")
    .option("--strict", "what could not be tested is a failure too")
    .option("--json", "for programs: one JSON document")
    .addHelpText("after", HELP)
    .action(async (flags: VerifyFlags) => {
      const inputs = await prepare(flags);
      await interruptible(inputs.close, async () => {
        try {
          await verify(flags, inputs);
        } finally {
          await inputs.close();
        }
      });
    });
}

export async function openVerify(raw: VerifyFlags & { lab?: string | true }): Promise<VerifyInputs> {
  const flags = resolveLab(raw);
  const session = await openSession(flags);
  requireHosts(session.spec.cluster.hosts, flags); // of one that has left the file nothing is promised
  return prepareVerify(session, flags.host, flags.containers === true);
}

async function verify(flags: VerifyFlags, inputs: VerifyInputs): Promise<void> {
  const { nftTable, containers, known } = inputs;
  const target = flags.host === undefined ? inputs.target : limitTarget(inputs.target, flags.host);
  const connections = new Map([...inputs.connections].filter(([host]) => Object.hasOwn(target.underlay, host)));
  const stopTalking = keepAlive([...connections.values()]); // a slow host's measurements may take minutes
  const options = nftTable === undefined ? {} : { nftTable };
  const again = (hosts: readonly string[]): Promise<unknown> => verifyPairs(limitTarget(target, hosts), connections, options);
  const report = await verifyCluster(target, connections, { ...options, containers, known })
    .then((found) => nameDrops(found, connections, again))
    .finally(stopTalking);
  const { stdout } = process;
  const ok = report.ok && (flags.strict !== true || report.notTested.length === 0);
  if (flags.json === true) printEnvelope("verify", { ok, problems: report.failures }, report);
  else {
    const columns = stdout.isTTY && stdout.columns > 0 ? stdout.columns : PIPE_COLUMNS;
    print(renderReport(report, { columns, colour: stdout.isTTY && stdout.hasColors() }));
  }
  if (!ok) process.exitCode = 1;
}

const HELP = `
Short-lived endpoints on every host's bridges measure every ordered pair of hosts, per network: a reply and its round
trip, the largest packet that passes unfragmented, copies of one broadcast, the hosts' overlay addresses, the outside;
and for every pair of networks that nothing leaks. They are gone when the command ends, however it ends.

Exit code: 0 every measured promise holds, 1 at least one does not. What could not be measured is
listed with its cause; with --strict that is 1 as well.

Examples:
  $ spanwire verify
  $ spanwire verify --containers
  $ spanwire verify --host vm1,vm3 --json
`;
