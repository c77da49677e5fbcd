import { getAttachment } from "../../attach/index.ts";
import { findMember, type ResolvedNetwork } from "../../model/network.ts";
import { getDataplane, traitsOf } from "../../dataplanes/index.ts";
import { compileNftTable } from "./compile-nft-table.ts";
import { formatMark } from "../../model/mark.ts";
import { listOwnFiles } from "../../tools/own-files.ts";
import type { Resource } from "../../kinds/index.ts";
import { DEVICE_SYSCTLS, forwardingKey } from "../../kinds/sysctl-keys.ts";
import type { Cluster } from "../../model/cluster.ts";
import { familyOf } from "../../net/prefix.ts";
import { acceptBetween } from "../../kinds/accept-rule.ts";
import { dropsDirect } from "../../model/docker-version.ts";
import type { Facts, HostFacts } from "../../model/host-state.ts";

export interface CompileInput {
  cluster: Pick<Cluster, "name">;
  clusterUuid: string;
  networks: readonly ResolvedNetwork[];
  host: string;
  /** Of every host that answered; this one among them. */
  facts: Facts;
}

/** Everything one host must have. Pure: the same input gives the same list in the same order. */
export function compileHost({ cluster, clusterUuid, networks, host, facts }: CompileInput): Resource[] {
  const mine = networks.filter((network) => findMember(network, host) !== undefined);
  if (mine.length === 0) return [];
  const own = facts.get(host);
  const files = own?.boot === undefined ? [] : listOwnFiles(clusterUuid, own.boot);
  return [
    ...files.map((file): Resource => ({ kind: "file", network: "", ...file })),
    compileNftTable(networks, host, clusterUuid),
    ...mine.flatMap((network): Resource[] => compileNetwork({ cluster, clusterUuid, network, host, facts })),
    ...forwardedFamilies(mine).map((family): Resource => ({ kind: "sysctl", network: "", key: forwardingKey(family), value: "1" })),
    ...(own?.lostPorts ?? []).flatMap((lost): Resource[] =>
      mine.some((network) => network.bridge === lost.bridge) ? [{ kind: "bridge-port", network: "", ...lost }] : [],
    ),
  ];
}

/** Members reach the outside, or with per-host addressing one another, through this host. */
function forwardedFamilies(networks: readonly ResolvedNetwork[]): (4 | 6)[] {
  const routed = networks.filter(({ egress, addressing }) => egress.mode === "masquerade" || addressing === "per-host");
  return ([4, 6] as const).filter((family) => routed.some(({ subnet }) => familyOf(subnet) === family));
}

interface NetworkInput extends Pick<CompileInput, "cluster" | "clusterUuid" | "host" | "facts"> {
  network: ResolvedNetwork;
}

function compileNetwork({ cluster, clusterUuid, network, host, facts }: NetworkInput): Resource[] {
  const member = findMember(network, host);
  if (member === undefined) return [];
  const mark = formatMark({ uuid: clusterUuid, cluster: cluster.name, index: member.index, network: network.name, slice: member.slice });
  return [
    {
      kind: "bridge",
      network: network.name,
      name: network.bridge,
      mac: member.gatewayMac,
      mtuBytes: network.mtuBytes,
      up: true,
      stp: false,
      mcastSnooping: false,
      mark,
    },
    { kind: "address", network: network.name, device: network.bridge, cidr: member.gatewayCidr },
    ...(member.overlayCidr === undefined
      ? []
      : [{ kind: "address", network: network.name, device: network.bridge, cidr: member.overlayCidr } as const]),
    ...compileRoutes(network, host),
    ...compileAccept(network, mark, facts.get(host)),
    { kind: "sysctl", network: network.name, key: DEVICE_SYSCTLS.arpIgnore(network.bridge), value: "1", device: network.bridge },
    ...getDataplane(network.dataplane).compile({ network, member, mark, facts }),
    ...getAttachment(network.attach).compile({ network, member, clusterUuid, cluster: cluster.name }),
  ];
}

/** Docker's firewall drops what comes to containers from other hosts, from version 28 on in two places. */
function compileAccept({ name, subnet, dataplane }: ResolvedNetwork, mark: string, own: HostFacts | undefined): Resource[] {
  if (own?.docker.ready !== true || traitsOf(dataplane).layer === 2 || familyOf(subnet) === 6) return [];
  const accept = { network: name, rule: acceptBetween(subnet), mark };
  return [
    { kind: "forward-accept", ...accept },
    ...(dropsDirect(own.docker.version) ? [{ kind: "direct-accept" as const, ...accept }] : []),
  ];
}

/** Where hosts have overlay addresses: the other hosts' members are behind those, so both directions pass both hosts. */
function compileRoutes(network: ResolvedNetwork, host: string): Resource[] {
  if (findMember(network, host)?.overlayCidr === undefined) return [];
  return network.members
    .filter((peer) => peer.host !== host)
    .map((peer) => ({ kind: "route", network: network.name, device: network.bridge, destination: peer.slice, via: peer.overlay }));
}
