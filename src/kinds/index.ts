import { address } from "./address.ts";
import { bridgePort } from "./bridge-port.ts";
import { bridge } from "./bridge.ts";
import { claimLinks } from "./claim-links.ts";
import { dockerNetwork } from "./docker-network.ts";
import { file } from "./file.ts";
import { floodList } from "./flood-list.ts";
import { neighbours } from "./neighbours.ts";
import { nftTable } from "./nft-table.ts";
import { ovsBridge } from "./ovs-bridge.ts";
import { ovsJoin } from "./ovs-join.ts";
import { ovsTunnel } from "./ovs-tunnel.ts";
import { ovsVeth } from "./ovs-veth.ts";
import type { Resource, ResourceKind, ResourceKindName } from "../model/resource.ts";
import { route } from "./route.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { sysctl } from "./sysctl.ts";
import { vxlan } from "./vxlan.ts";

/** The registry: a new kind is one file and one line here. The order is the tie-breaker of a plan's order. */
const KINDS = {
  file,
  "nft-table": nftTable,
  bridge,
  address,
  route,
  "ovs-bridge": ovsBridge,
  "ovs-tunnel": ovsTunnel,
  "ovs-join": ovsJoin,
  "ovs-veth": ovsVeth,
  vxlan,
  "bridge-port": bridgePort,
  "flood-list": floodList,
  neighbours,
  sysctl,
  "docker-network": dockerNetwork,
} satisfies { [K in ResourceKindName]: ResourceKind<Extract<Resource, { kind: K }>> };

export const KIND_NAMES = Object.keys(KINDS) as readonly ResourceKindName[];

/** The one place where a resource meets its kind: the cast is sound because the registry is keyed by kind. */
export function kindOf<R extends Resource>(resource: R | ResourceKindName): ResourceKind<R> {
  return KINDS[typeof resource === "string" ? resource : resource.kind] as unknown as ResourceKind<R>;
}

export function keyOf(resource: Resource): string {
  return kindOf(resource).key(resource);
}

/** Everything on a host that carries the cluster's mark, by key; `names` are those of links that are ours without it. */
export function observeResources(snapshot: Snapshot, clusterUuid: string, names: ReadonlySet<string> = new Set()): Map<string, Resource> {
  const claimed = claimLinks(snapshot, clusterUuid, names);
  const resources = KIND_NAMES.flatMap((name): Resource[] => kindOf<Resource>(name).read(claimed, clusterUuid));
  return new Map(resources.map((resource) => [keyOf(resource), resource]));
}
