import { z } from "zod";
import { address } from "./address.ts";
import { bridgePort } from "./bridge-port.ts";
import { bridge } from "./bridge.ts";
import { claimLinks } from "./claim-links.ts";
import { dockerNetwork } from "./docker-network.ts";
import { file } from "./file.ts";
import { floodList } from "./flood-list.ts";
import { directAccept } from "./direct-accept.ts";
import { forwardAccept } from "./forward-accept.ts";
import { neighbours } from "./neighbours.ts";
import { nftTable } from "./nft-table.ts";
import { ovsBridge } from "./ovs-bridge.ts";
import { ovsJoin } from "./ovs-join.ts";
import { ovsTunnel } from "./ovs-tunnel.ts";
import { ovsVeth } from "./ovs-veth.ts";
import type { ResourceKind } from "./kind.ts";
import { route } from "./route.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { sysctl } from "./sysctl.ts";
import { wireguard } from "./wireguard.ts";
import { vxlan } from "./vxlan.ts";

/** The registry: a new kind is one file and one line here. The order is the tie-breaker of a plan's order. */
const KINDS = {
  file,
  "nft-table": nftTable,
  "forward-accept": forwardAccept,
  "direct-accept": directAccept,
  bridge,
  address,
  wireguard,
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
} as const;

type ResourceOf<Kind> = Kind extends ResourceKind<infer R> ? R : never;
export type KindName = keyof typeof KINDS;
/** Everything that can exist on a host because of us. `kind` names the file in this folder that knows it. */
export type Resource = { [Name in KindName]: ResourceOf<(typeof KINDS)[Name]> }[KindName];

export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

/** The one place where a resource meets its kind: the cast is sound because the registry is keyed by kind. */
export function kindOf<R extends Resource>(resource: R | R["kind"]): ResourceKind<R> {
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

/** The names of the links and Open vSwitch rows among resources, for `claimLinks`. */
export function linkNames(resources: Iterable<Resource>): Set<string> {
  return new Set([...resources].flatMap((resource) => kindOf(resource).markedName?.(resource) ?? []));
}

/** Says in a person's words what a hashed name stands for: "VXLAN tunnel of apps". */
export function describeResource(resource: Resource): string {
  const kind = kindOf(resource);
  const owner = kind.owner?.(resource) ?? resource.network;
  const target = kind.target?.(resource);
  return `${kind.noun}${owner ? ` of ${owner}` : ""}${target === undefined ? "" : ` to ${target}`}`;
}

/** Schemas over all kinds: of what may be wished for, and of what may be found on a host. */
export function describeKinds(): { wanted: z.ZodType<Resource>; observed: z.ZodType<Resource> } {
  const kinds = KIND_NAMES.map((name) => kindOf<Resource>(name));
  const options = kinds.map((kind) => kind.schema) as unknown as [z.ZodObject<{ kind: z.ZodLiteral<string> }>];
  const wanted = z.discriminatedUnion("kind", options) as unknown as z.ZodType<Resource>;
  return { wanted, observed: z.union([wanted, ...kinds.flatMap((kind) => kind.foundSchema ?? [])]) };
}
