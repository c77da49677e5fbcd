import { getDataplane, traitsOf, tunnelOf } from "../../dataplanes/index.ts";
import type { FixedKey } from "../../dataplanes/dataplane.ts";
import type { Problem } from "../../model/problem.ts";
import type { Findings } from "../../dataplanes/dataplane.ts";
import type { Cluster, Network } from "../../model/cluster.ts";
import { problemAt, type SpecFile } from "../yaml/spec-file.ts";

/** Ports to propose: those people's firewalls and dissectors know, then their neighbours (unassigned by IANA). */
const FREE_PORTS = [4789, 8472, 6081, 4791, 4792, 8473, 8474];

/** Between networks, which all lie over the same hosts: what tells their packets apart on the underlay. */
export function checkTunnels(cluster: Cluster, spec: SpecFile): Findings {
  const problems = cluster.networks.flatMap((network, i) => {
    const earlier = cluster.networks.slice(0, i);
    return [
      ...checkKey(network, earlier, spec),
      ...checkPort(network, earlier, cluster.networks, spec),
      ...checkGre(network, earlier, spec),
    ];
  });
  return { problems, warnings: [] };
}

function checkKey(network: Network, earlier: readonly Network[], spec: SpecFile): Problem[] {
  const key = keyOf(network);
  const other = earlier.find((candidate) => key?.number !== undefined && keyOf(candidate)?.number === key.number);
  const theirs = other === undefined ? undefined : keyOf(other);
  if (key === undefined || other === undefined || theirs === undefined) return [];
  const line = spec.locate(["networks", other.name, "dataplane", theirs.field]).line;
  const why = `${key.noun} ${key.number} is also the ${theirs.noun} of ${other.name} (line ${line}): the two networks would be one`;
  return [
    problemAt(spec, ["networks", network.name, "dataplane", key.field], {
      doing: "checking",
      why,
      try: `choose another ${key.noun}, or leave it out`,
    }),
  ];
}

const keyOf = ({ dataplane }: Network): FixedKey | undefined => traitsOf(dataplane).key;

/**
 * A UDP port belongs to one receiver: a kernel tunnel and Open vSwitch get "address in use", or lose every packet. Some tunnels
 * share it with no other of their own kind either.
 */
function checkPort(network: Network, earlier: readonly Network[], all: readonly Network[], spec: SpecFile): Problem[] {
  const { port, isExclusive } = tunnelOf(network) ?? {};
  const receiver = receiverOf(network);
  const other = earlier.find(
    (candidate) => tunnelOf(candidate)?.port === port && (isExclusive === true || receiverOf(candidate) !== receiver),
  );
  if (port === undefined || other === undefined) return [];
  const line = spec.locate(["networks", other.name, "dataplane", "port"]).line;
  const used = new Set(all.map((candidate) => tunnelOf(candidate)?.port));
  const free = FREE_PORTS.find((candidate) => !used.has(candidate));
  return [
    problemAt(spec, ["networks", network.name, "dataplane", "port"], {
      doing: "checking",
      why:
        receiver === receiverOf(other)
          ? `${receiver} takes a UDP port a network, and ${other.name} (line ${line}) has ${port}`
          : `${receiver} and ${receiverOf(other)} of ${other.name} (line ${line}) cannot share UDP port ${port} of a host`,
      try: free === undefined ? "write another port for one of them" : `write port: ${free} for one of them`,
    }),
  ];
}

function receiverOf({ dataplane }: Network): string {
  return getDataplane(dataplane).receiver?.(dataplane, { isUnderlayInUserspace: false }) ?? "";
}

/** Without a key the outer addresses are all there is. */
function checkGre(network: Network, earlier: readonly Network[], spec: SpecFile): Problem[] {
  if (!isGre(network)) return [];
  const other = earlier.find((candidate) => isGre(candidate) && (isKeyless(network) || isKeyless(candidate)));
  if (other === undefined) return [];
  const [keyless, beside] = isKeyless(network) ? [network, other] : [other, network];
  const line = spec.locate(["networks", beside.name]).line;
  const why = `${keyless.name} is GRE without a key, and ${beside.name} (line ${line}) is GRE over the same hosts: their packets are not told apart`;
  return [
    problemAt(spec, ["networks", keyless.name, "dataplane", "key"], {
      doing: "checking",
      why,
      try: "leave key out, and one is chosen, or write a number",
    }),
  ];
}

const isGre = (network: Network): boolean => tunnelOf(network)?.encapsulation === "gre";
const isKeyless = (network: Network): boolean => tunnelOf(network)?.hasKey === false;
