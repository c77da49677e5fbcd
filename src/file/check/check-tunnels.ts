import { familyOf } from "../../net/prefix.ts";
import { tunnelOf } from "../../net/tunnel.ts";
import type { Problem } from "../../model/problem.ts";
import type { Findings } from "./check-cluster.ts";
import type { Cluster, Network } from "../../model/cluster.ts";
import { fixedKeyOf } from "../../net/fixed-key.ts";
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
      ...checkGreFamily(network, cluster, spec),
    ];
  });
  return { problems, warnings: [] };
}

function checkKey(network: Network, earlier: readonly Network[], spec: SpecFile): Problem[] {
  const { field, noun, number } = fixedKeyOf(network.dataplane);
  const other = earlier.find((candidate) => number !== undefined && fixedKeyOf(candidate.dataplane).number === number);
  if (other === undefined) return [];
  const theirs = fixedKeyOf(other.dataplane);
  const line = spec.locate(["networks", other.name, "dataplane", theirs.field]).line;
  const why = `${noun} ${number} is also the ${theirs.noun} of ${other.name} (line ${line}): the two networks would be one`;
  return [
    problemAt(spec, ["networks", network.name, "dataplane", field], {
      doing: "checking",
      why,
      try: `choose another ${noun}, or leave it out`,
    }),
  ];
}

/** A UDP port belongs to one receiver: a kernel tunnel and Open vSwitch get "address in use", or lose every packet. */
function checkPort(network: Network, earlier: readonly Network[], all: readonly Network[], spec: SpecFile): Problem[] {
  const { port } = tunnelOf(network.dataplane);
  const receiver = receiverOf(network);
  const other = earlier.find((candidate) => tunnelOf(candidate.dataplane).port === port && receiverOf(candidate) !== receiver);
  if (port === undefined || other === undefined) return [];
  const line = spec.locate(["networks", other.name, "dataplane", "port"]).line;
  const used = new Set(all.map((candidate) => tunnelOf(candidate.dataplane).port));
  const free = FREE_PORTS.find((candidate) => !used.has(candidate));
  return [
    problemAt(spec, ["networks", network.name, "dataplane", "port"], {
      doing: "checking",
      why: `${receiver} and ${receiverOf(other)} of ${other.name} (line ${line}) cannot share UDP port ${port} of a host`,
      try: free === undefined ? "write another port for one of them" : `write port: ${free} for one of them`,
    }),
  ];
}

function receiverOf({ dataplane }: Network): string {
  if (dataplane.type === "vxlan") return "kernel VXLAN";
  const tunnel = dataplane.tunnel === "vxlan" ? "VXLAN" : "Geneve";
  return `${tunnel} of Open vSwitch${dataplane.datapath === "userspace" ? " in userspace" : ""}`;
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

/** ovs-vswitchd.conf.db(5), Interface, type: "gre" goes over IPv4; the type for IPv6, ip6gre, is not supported here. */
function checkGreFamily(network: Network, { hosts }: Cluster, spec: SpecFile): Problem[] {
  const host = hosts.find(({ address }) => familyOf(address) === 6);
  if (host === undefined || !isGre(network)) return [];
  const line = spec.locate(["hosts", host.name, "address"]).line;
  return [
    problemAt(spec, ["networks", network.name, "dataplane", "tunnel"], {
      kind: "unsupported",
      doing: "checking",
      why: `Open vSwitch's GRE tunnels lie over IPv4, and ${host.name} has an IPv6 address (line ${line})`,
      try: "write tunnel: geneve or vxlan",
    }),
  ];
}

const isGre = ({ dataplane }: Network): boolean => dataplane.type === "ovs" && dataplane.tunnel === "gre";
const isKeyless = ({ dataplane }: Network): boolean => dataplane.type === "ovs" && dataplane.key === "none";
