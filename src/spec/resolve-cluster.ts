import { networkOf, parseAddress } from "../addressing/prefix.ts";
import type { Addressing, Attach, Cluster, Dataplane, Egress, MtuWish, Network } from "./cluster.ts";
import { compareNames } from "./compare-names.ts";
import type { Spec, SpecNetwork } from "./spec-schema.ts";

/** The kernel's default (drivers/net/vxlan); 4789, IANA's, is where Docker Swarm and Open vSwitch listen. */
const DEFAULT_VXLAN_PORT = 8472;

/** Fills in defaults and long forms. Everything in `spec` has passed the schema. */
export function resolveCluster(spec: Spec): Cluster {
  const hosts = Object.entries(spec.hosts).map(([name, host]) => {
    const address = parseAddress(host.address);
    return { name, address, ssh: host.ssh ?? address };
  });
  return {
    name: spec.cluster,
    hosts: hosts.toSorted((a, b) => compareNames(a.name, b.name)),
    networks: Object.entries(spec.networks)
      .map(([name, network]) => resolveNetwork(name, network))
      .toSorted((a, b) => compareNames(a.name, b.name)),
  };
}

function resolveNetwork(name: string, network: SpecNetwork): Network {
  return {
    name,
    subnet: networkOf(network.subnet),
    dataplane: resolveDataplane(network.dataplane),
    addressing: resolveAddressing(network.addressing),
    egress: resolveEgress(network.egress),
    mtu: resolveMtu(network.mtu),
    attach: resolveAttach(name, network.docker),
  };
}

function resolveDataplane(written: SpecNetwork["dataplane"]): Dataplane {
  const long: { port?: number | undefined; vni?: number | undefined } = typeof written === "object" ? written : {};
  return { type: "vxlan", peers: "unicast", port: long.port ?? DEFAULT_VXLAN_PORT, ...(long.vni === undefined ? {} : { vni: long.vni }) };
}

function resolveAddressing(written: SpecNetwork["addressing"]): Addressing {
  const pins = Object.entries(written?.hosts ?? {})
    .toSorted(([a], [b]) => compareNames(a, b))
    .map(([host, prefix]) => [host, networkOf(prefix)]);
  return {
    mode: "slices",
    ...(written?.slicePrefix === undefined ? {} : { slicePrefix: written.slicePrefix }),
    pins: Object.fromEntries(pins),
  };
}

/** Masquerade by default: members that cannot reach the outside surprise people who know Docker's own networks. */
function resolveEgress(written: SpecNetwork["egress"]): Egress {
  const long = typeof written === "object" ? written : { mode: written };
  return { mode: long.mode ?? "masquerade", ...("check" in long && long.check !== undefined ? { check: parseAddress(long.check) } : {}) };
}

function resolveMtu(written: SpecNetwork["mtu"]): MtuWish {
  const long = typeof written === "object" ? written : { bytes: written };
  return {
    ...(long.bytes === undefined ? {} : { bytes: long.bytes }),
    ...("reserve" in long && long.reserve !== undefined ? { reserve: long.reserve } : {}),
  };
}

function resolveAttach(name: string, written: SpecNetwork["docker"]): Attach {
  if (written === "none") return { type: "none" };
  return { type: "docker-network", network: written?.network ?? name };
}
