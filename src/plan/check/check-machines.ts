import type { Host } from "../../model/cluster.ts";
import type { Problem } from "../../model/problem.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/** Two names for one machine: both would be given numbers, slices and tunnels, and one would undo what the other makes. */
export function checkMachines(hosts: readonly Host[], snapshots: ReadonlyMap<string, Snapshot>): Problem[] {
  const owners = new Map<string, string>();
  return hosts.flatMap(({ name, ssh }): Problem[] => {
    const machine = snapshots.get(name)?.machine;
    if (machine === undefined) return [];
    const owner = owners.get(machine);
    owners.set(machine, owner ?? name);
    if (owner === undefined) return [];
    return [
      {
        ...{ kind: "conflict", doing: "recognising", what: "the host", where: name },
        why: `it is the same machine as ${owner}: what answers at ${ssh} was booted as one with it`,
        try: "give each host its own ssh target, or remove one of the two",
      },
    ];
  });
}
