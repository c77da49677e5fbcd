import type { Command } from "commander";
import { openLockStore } from "../../engine/lock-store.ts";
import { pinWithoutHosts } from "../../lock/pin-without-hosts.ts";
import { resolveNetworks } from "../../lock/resolve-networks.ts";
import { findNeeds } from "../../ports/needed-ports.ts";
import { renderNeeds } from "../../ports/render-needs.ts";
import { resolveLab, withTarget } from "../program/options.ts";
import { readSpec } from "../program/read-spec.ts";
import { findLockPath, type TargetFlags } from "../program/session.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { print } from "../terminal/output.ts";

interface ExplainFlags extends TargetFlags {
  json?: boolean;
}

export function registerExplain(program: Command): void {
  const explain = program.command("explain").description("say what the file means for things outside of it; no host is contacted");
  withTarget(explain.command("ports"))
    .description("what each host must let in, and from whom: for cloud security groups and firewalls between the hosts")
    .option("--json", "for programs: one JSON document")
    .addHelpText("after", HELP)
    .action(async (raw: ExplainFlags & { lab?: string | true }) => {
      const flags = resolveLab(raw);
      const spec = await readSpec(flags.file);
      const { lock } = pinWithoutHosts(spec, await openLockStore(findLockPath(flags)).read());
      const hosts = findNeeds(resolveNetworks(spec.cluster, lock));
      if (flags.json === true) printEnvelope("explain-ports", { ok: true, problems: [] }, { cluster: spec.cluster.name, hosts });
      else print(renderNeeds(hosts));
    });
}

const HELP = `
Firewalls on the hosts themselves are theirs: spanwire opens nothing in them.

Examples:
  $ spanwire explain ports
  $ spanwire explain ports --json | jq '.hosts[] | select(.name == "vm1") | .needs'
`;
