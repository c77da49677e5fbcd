import { containsPrefix, familyOf, firstAddress, lastAddress } from "../../net/prefix.ts";
import type { Problem } from "../../model/problem.ts";
import type { Findings } from "../../dataplanes/dataplane.ts";
import type { Cluster, Network } from "../../model/cluster.ts";
import { problemAt, type SpecFile } from "../yaml/spec-file.ts";

/** Static addresses: in their subnet, each once. Where in a slice they may lie is known with the lock (pin-reservations.ts). */
export function checkReservations(cluster: Cluster, spec: SpecFile): Findings {
  return { problems: cluster.networks.flatMap((network) => checkNetwork(network, spec)), warnings: [] };
}

function checkNetwork(network: Network, spec: SpecFile): Problem[] {
  const owners = new Map<string, string>();
  return Object.entries(network.reservations).flatMap(([name, address]) => {
    const path = ["networks", network.name, "ip", name];
    const owner = owners.get(address);
    owners.set(address, owner ?? name);
    const fault =
      owner === undefined
        ? findFault(network.subnet, address)
        : {
            why: `${address} is also kept for ${owner} (line ${spec.locate(["networks", network.name, "ip", owner]).line})`,
            try: "give each its own address",
          };
    return fault === undefined ? [] : [problemAt(spec, path, { doing: "checking", ...fault })];
  });
}

function findFault(subnet: string, address: string): Pick<Problem, "why" | "try"> | undefined {
  if (!containsPrefix(subnet, address)) {
    return { why: `${address} is not inside ${subnet}`, try: "write an address of the network's own subnet" };
  }
  if (address === firstAddress(subnet)) {
    return { why: `${address} is the address of ${subnet} itself`, try: "write an address of a host's slice" };
  }
  if (familyOf(subnet) === 4 && address === lastAddress(subnet)) {
    return { why: `${address} is the broadcast address of ${subnet}`, try: "write an address of a host's slice" };
  }
  return undefined;
}
