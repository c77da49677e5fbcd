import type { Host } from "../model/cluster.ts";
import { SpanwireError } from "../model/problem.ts";
import { hostEnvironment } from "../lab/host/host-environment.ts";
import { DESK_ADDRESS, namespacePath, runDirectory } from "../lab/lab-names.ts";
import { readLab } from "../lab/lab-state.ts";
import { SELF_ARGV } from "../util/self-argv.ts";
import type { Connection, Transport } from "./connection.ts";
import { openStdioConnection } from "./stdio.ts";

/** Reaches the hosts of a lab by entering their network namespace. */
export function createLabTransport(runId: string): Transport {
  return {
    name: `lab ${runId}`,
    stateFolder: runDirectory(runId),
    open: async (host) => openInLab(runId, host),
  };
}

/** A host of the spec is the lab host with its underlay address, so its name is free. */
function openInLab(runId: string, host: Pick<Host, "name" | "address">): Connection {
  const lab = readLab(runId);
  const target = lab.hosts.find((candidate) => candidate.address === host.address);
  if (target === undefined) {
    const known = lab.hosts.map((candidate) => `${candidate.name} ${candidate.address}`).join(", ");
    throw new SpanwireError({
      kind: "unreachable",
      doing: "looking for",
      what: `a lab host with the address ${host.address}`,
      where: host.name,
      why: `lab "${runId}" has none; it has ${known}`,
      try: "correct the host's address in the file, or start a larger lab (`spanwire lab up --hosts N`)",
    });
  }
  const argv = [
    "nsenter",
    `--net=${namespacePath(target.namespace)}`,
    "--",
    ...(lab.hostProgram ?? SELF_ARGV),
    "host",
    "--peer",
    DESK_ADDRESS,
  ] as const;
  return openStdioConnection(host.name, argv, {
    env: { ...ownVariables(), ...hostEnvironment(lab, target), SPANWIRE_HOST_NAME: host.name },
    advice: `look at the lab with \`spanwire lab status --run ${runId}\``,
  });
}

/** What is set for us is set for the lab's hosts: they are processes of this machine. */
function ownVariables(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (name.startsWith("SPANWIRE_") && value !== undefined ? [[name, value]] : [])),
  );
}
