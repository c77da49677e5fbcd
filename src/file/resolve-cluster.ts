import { resolveAttach } from "../attach/index.ts";
import { DATAPLANES, getDataplane, traitsOf } from "../dataplanes/index.ts";
import { networkOf, parseAddress } from "../net/prefix.ts";
import type { Addressing, Cluster, DataplaneSpec, Egress, MtuWish, Network } from "../model/cluster.ts";
import { compareNames, sortByName } from "../util/compare-names.ts";
import type { Spec, SpecNetwork } from "./schema/spec-schema.ts";

/** Fills in defaults and long forms. Everything in `spec` has passed the schema. */
export function resolveCluster(spec: Spec): Cluster {
  const hosts = Object.entries(spec.hosts)
    .map(([name, host]) => {
      const address = parseAddress(host.address);
      return { name, address, ssh: host.ssh ?? address };
    })
    .toSorted((a, b) => compareNames(a.name, b.name));
  const names = hosts.map((host) => host.name);
  return {
    name: spec.cluster,
    hosts,
    networks: Object.entries(spec.networks)
      .map(([name, network]) => resolveNetwork(name, network, names))
      .toSorted((a, b) => compareNames(a.name, b.name)),
  };
}

function resolveNetwork(name: string, network: SpecNetwork, hosts: readonly string[]): Network {
  const dataplane = resolveDataplane(network.dataplane, hosts);
  return {
    name,
    subnet: networkOf(network.subnet),
    dataplane,
    addressing: resolveAddressing(network.addressing, dataplane),
    egress: resolveEgress(network.egress),
    mtu: resolveMtu(network.mtu),
    attach: resolveAttach(name, network.docker),
    reservations: mapValues(network.ip, parseAddress),
  };
}

function resolveDataplane(written: SpecNetwork["dataplane"], hosts: readonly string[]): DataplaneSpec {
  const [first = ""] = DATAPLANES.keys();
  const long = typeof written === "object" ? written : { type: written ?? first };
  return getDataplane(long).resolve(long, hosts);
}

function resolveAddressing(written: SpecNetwork["addressing"], dataplane: DataplaneSpec): Addressing {
  return {
    mode: written?.mode ?? traitsOf(dataplane).addressing[0] ?? "slices",
    ...(written?.overlay === undefined ? {} : { overlay: networkOf(written.overlay) }),
    ...(written?.slicePrefix === undefined ? {} : { slicePrefix: written.slicePrefix }),
    pins: mapValues(written?.hosts, networkOf),
  };
}

function mapValues(record: Readonly<Record<string, string>> = {}, map: (value: string) => string): Record<string, string> {
  return sortByName(Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)])));
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
