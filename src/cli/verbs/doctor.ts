import type { Command } from "commander";
import { examineAddresses } from "../../doctor/examine-addresses.ts";
import { renderAddresses } from "../../doctor/render-addresses.ts";
import { findAilingMembers } from "../../plan/check/ailing-members.ts";
import { deriveTarget } from "../../verify/measure/derive-target.ts";
import { limitTarget } from "../../verify/measure/limit-target.ts";
import { interruptible } from "../terminal/interrupt.ts";
import { openApplied } from "../../engine/open-applied.ts";
import { resolveLab, withHosts, withTarget } from "../program/options.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { print } from "../terminal/output.ts";
import { openSession, requireHosts, type TargetFlags } from "../program/session.ts";

interface DoctorFlags extends TargetFlags {
  json?: boolean;
}

export function registerDoctor(program: Command): void {
  const doctor = program.command("doctor").description("find what is wrong beyond the file; changes nothing");
  withHosts(withTarget(doctor.command("addresses")), "look on these hosts only")
    .description("find addresses used twice: in Docker on all hosts, in the kernels, and on the wire; say where each holder sits")
    .option("--json", "for programs: one JSON document")
    .addHelpText("after", HELP)
    .action((raw: DoctorFlags & { lab?: string | true }) => doctorAddresses(resolveLab(raw)));
}

async function doctorAddresses(flags: DoctorFlags): Promise<void> {
  const session = await openSession(flags);
  requireHosts(session.spec.cluster.hosts, flags); // of one that has left the file nothing is promised
  const { gathered, networks } = await openApplied(session, flags.host, "looking for addresses");
  const { connections, unreachable } = gathered;
  const close = (): Promise<void> => gathered.close();
  await interruptible(close, async () => {
    try {
      const target = deriveTarget(networks);
      const members = [...connections.keys()].filter((host) => Object.hasOwn(target.underlay, host)); // one may be new in the file
      const reserved = new Map(networks.map(({ name, reservations }) => [name, Object.values(reservations)]));
      const found = await examineAddresses(limitTarget(target, members), reserved, connections);
      const ailing = findAilingMembers(networks, gathered.snapshots, new Map());
      const report = { ...found, members: ailing, notTested: [...unreachable, ...found.notTested] };
      const ok = report.duplicates.length + report.notTested.length === 0;
      if (flags.json === true) printEnvelope("doctor-addresses", { ok, problems: report.notTested }, report);
      else print(renderAddresses(report));
      if (!ok) process.exitCode = 1;
    } finally {
      await close();
    }
  });
}

const HELP = `
A container that was given an address by hand, a container of another host, a machine bridged into the network: Docker
sees only its own. This asks Docker on every host (stopped containers keep what they were given by hand) and reads the
devices and neighbour tables of every host and running container. Every address found there, every gateway and every
address reserved with \`ip:\` is then asked for on the wire from every host. What answers and belongs to nobody is named by
its MAC and the port it is behind. Not found are two strangers at an address that no host or container has talked to.

Exit code: 0 no address is used twice; 1 one is, or something could not be looked at.

Examples:
  $ spanwire doctor addresses
  $ spanwire doctor addresses --lab --file examples/quickstart.yaml --json
`;
