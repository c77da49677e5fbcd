import fc from "fast-check";
import type { OvsSpec } from "../../src/dataplanes/ovs/spec.ts";
import type { VxlanSpec } from "../../src/dataplanes/vxlan/schema.ts";
import type { WireguardSpec } from "../../src/dataplanes/wireguard/schema.ts";
import type { Cluster, DataplaneSpec, Host, Network } from "../../src/model/cluster.ts";
import type { Topology } from "../../src/net/graph/links.ts";

/** Hosts and networks that may come and go: six and four, each with an address or subnet of its own. */
const HOST_NUMBERS = [1, 2, 3, 4, 5, 6];
const NETWORK_NUMBERS = [1, 2, 3, 4];

export function hostNumber(number: number): Host {
  return { name: `h${number}`, address: `192.0.2.${number * 9}`, ssh: `192.0.2.${number * 9}` };
}

export interface NetworkShape {
  vni: number | undefined;
  port: number;
  egress: "masquerade" | "none";
  docker: boolean;
  mtu: number | undefined;
  /** A /14 instead of a /16 inside it. */
  wide?: boolean;
  /** A host (by number) with a slice of its own choice. */
  pin: number | undefined;
  /** Open vSwitch instead of kernel VXLAN. */
  ovs?: OvsShape | undefined;
  /** Any other plane, as it is resolved. */
  plane?: DataplaneSpec;
  /** Never changes while a network lives. */
  perHost?: boolean;
}

export interface OvsShape {
  tunnel: OvsSpec["tunnel"];
  topology: "mesh" | "ring" | "star" | "chain" | "nearest";
  /** Where a spanning tree is needed or possible. */
  tree: "rstp" | "stp";
  /** A full mesh with split horizon instead of a tree. */
  splitHorizon: boolean;
  /** Absent: internal. */
  join?: OvsSpec["join"];
}

/** None that kernel VXLAN uses here: a port belongs to one receiver. */
const OVS_PORTS: Record<OvsSpec["tunnel"], number | undefined> = { vxlan: 4790, geneve: 6081, gre: undefined };

/** Keys are left to the lock: a fixed one may not stay when the tunnels change, which is tested with the lock. */
function toOvs({ tunnel, topology, tree, splitHorizon, join = "internal" }: OvsShape, hosts: readonly string[]): OvsSpec {
  const port = OVS_PORTS[tunnel];
  const shapes: Record<OvsShape["topology"], Topology> = {
    mesh: { shape: "mesh" },
    ring: { shape: "ring" },
    star: { shape: "star", hub: hosts[0] ?? "" },
    chain: { shape: "links", links: hosts.slice(1).map((host, index) => [hosts[index] ?? "", host]) },
    nearest: { shape: "nearest", count: 4 },
  };
  const isTree = topology === "star" || topology === "chain";
  return {
    type: "ovs",
    tunnel,
    ...(port === undefined ? {} : { port }),
    topology: shapes[topology],
    loops: isTree ? "none" : topology === "mesh" && splitHorizon ? "split-horizon" : tree,
    priorities: {},
    join,
    datapath: "kernel",
  };
}

function toVxlan(number: number, { port, vni }: NetworkShape): VxlanSpec {
  return { type: "vxlan", peers: "unicast", port, ...(vni === undefined ? {} : { vni: vni * 10 + number }) };
}

function networkNumber(number: number, shape: NetworkShape, hosts: readonly string[]): Network {
  const name = `n${number}`;
  return {
    name,
    subnet: `10.${64 + 4 * number}.0.0/${shape.wide ? 14 : 16}`,
    dataplane: shape.plane ?? (shape.ovs === undefined ? toVxlan(number, shape) : toOvs(shape.ovs, hosts)),
    addressing: {
      mode: shape.perHost ? "per-host" : "slices",
      slicePrefix: 24,
      pins: shape.pin === undefined ? {} : { [hostNumber(shape.pin).name]: `10.${64 + 4 * number}.200.0/24` },
    },
    egress: { mode: shape.egress },
    mtu: shape.mtu === undefined ? {} : { bytes: shape.mtu },
    reservations: {},
    attach: shape.docker ? { type: "docker-network", network: name } : { type: "none" },
  };
}

/** A cluster as choices, so that an edit is a small change of them. */
export interface ClusterShape {
  hosts: readonly number[];
  networks: Readonly<Record<number, NetworkShape>>;
}

export function toCluster(shape: ClusterShape): Cluster {
  const hosts = shape.hosts.toSorted((a, b) => a - b).map(hostNumber);
  const names = hosts.map((host) => host.name);
  const networks = Object.entries(shape.networks).map(([number, network]) => {
    const pin = network.pin !== undefined && shape.hosts.includes(network.pin) ? network.pin : undefined;
    return networkNumber(Number(number), { ...network, pin }, names);
  });
  return { name: "prod", hosts, networks };
}

/** What may come out beside kernel VXLAN with slices. */
interface Kinds {
  ovs?: boolean;
  perHost?: boolean;
}

export const ovsShape: fc.Arbitrary<OvsShape> = fc.record({
  tunnel: fc.constantFrom("vxlan" as const, "gre" as const, "geneve" as const),
  topology: fc.constantFrom("mesh" as const, "ring" as const, "star" as const, "chain" as const, "nearest" as const),
  tree: fc.constantFrom("rstp" as const, "stp" as const),
  splitHorizon: fc.boolean(),
  join: fc.constantFrom("internal" as const, "veth" as const),
});

const wireguardShape: fc.Arbitrary<WireguardSpec> = fc.record({
  type: fc.constant("wireguard" as const),
  behindNat: fc.subarray([hostNumber(1).name], { minLength: 0 }),
  implementation: fc.constantFrom("kernel" as const, "wireguard-go" as const),
});

/** Of planes that route only WireGuard: it has everything that the others have. */
const networkShapeOf = (kinds: Kinds): fc.Arbitrary<NetworkShape> => {
  const shape = unroutedShapeOf(kinds);
  if (kinds.perHost !== true) return shape;
  const routed = fc.tuple(shape, wireguardShape).map(([one, plane]) => ({ ...one, plane, perHost: true }));
  return fc.oneof({ weight: 3, arbitrary: shape }, { weight: 1, arbitrary: routed });
};

const unroutedShapeOf = ({ ovs, perHost }: Kinds): fc.Arbitrary<NetworkShape> =>
  fc.record({
    vni: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    port: fc.constantFrom(8472, 4789, 5555),
    egress: fc.constantFrom("masquerade" as const, "none" as const),
    docker: fc.boolean(),
    mtu: fc.option(fc.constantFrom(1300, 1400), { nil: undefined }),
    wide: fc.boolean(),
    pin: fc.option(fc.constantFrom(...HOST_NUMBERS), { nil: undefined }),
    ovs: ovs ? fc.option(ovsShape, { nil: undefined }) : fc.constant(undefined),
    perHost: perHost ? fc.boolean() : fc.constant(false),
  });

export const clusterShapeOf = (kinds: Kinds): fc.Arbitrary<ClusterShape> =>
  fc.record({
    hosts: fc.subarray(HOST_NUMBERS, { minLength: 1 }),
    networks: fc
      .tuple(fc.subarray(NETWORK_NUMBERS, { minLength: 1 }), fc.array(networkShapeOf(kinds), { minLength: 4, maxLength: 4 }))
      .map(([numbers, shapes]) => Object.fromEntries(numbers.map((number, index) => [number, shapes[index]!]))),
  });

type Edit = (shape: ClusterShape) => ClusterShape;

const changeNetwork =
  (number: number, change: Partial<NetworkShape>): Edit =>
  (shape) =>
    shape.networks[number] === undefined
      ? shape
      : { ...shape, networks: { ...shape.networks, [number]: { ...shape.networks[number], ...change } } };

const toggleHost =
  (number: number): Edit =>
  (shape) => {
    const without = shape.hosts.filter((other) => other !== number);
    if (without.length === shape.hosts.length) return { ...shape, hosts: [...shape.hosts, number] };
    return without.length === 0 ? shape : { ...shape, hosts: without };
  };

const toggleNetwork =
  (number: number, fresh: NetworkShape): Edit =>
  (shape) => {
    const { [number]: known, ...others } = shape.networks;
    return known === undefined
      ? { ...shape, networks: { ...shape.networks, [number]: { ...fresh, pin: undefined } } }
      : { ...shape, networks: others };
  };

const anyNetwork = fc.constantFrom(...NETWORK_NUMBERS);

/**
 * One change a person would make to the file. Pins are written with a network or not at all: moving one is refused. A data
 * plane changes with an MTU that all of them carry: the pinned one of GRE is too large for the others.
 */
export const clusterEditOf = (kinds: Kinds): fc.Arbitrary<Edit> =>
  fc.oneof(
    fc.constantFrom(...HOST_NUMBERS).map(toggleHost),
    fc.tuple(anyNetwork, networkShapeOf(kinds)).map(([number, shape]) => toggleNetwork(number, shape)),
    fc.tuple(anyNetwork, fc.constantFrom(8472, 4789, 5555)).map(([number, port]) => changeNetwork(number, { port })),
    fc.tuple(anyNetwork, fc.integer({ min: 1, max: 3 })).map(([number, vni]) => changeNetwork(number, { vni })),
    fc
      .tuple(anyNetwork, fc.constantFrom("masquerade" as const, "none" as const))
      .map(([number, egress]) => changeNetwork(number, { egress })),
    fc.tuple(anyNetwork, fc.constantFrom(1280, 1300, 1400)).map(([number, mtu]) => changeNetwork(number, { mtu })),
    fc.tuple(anyNetwork, fc.boolean()).map(([number, wide]) => changeNetwork(number, { wide })),
    fc.tuple(anyNetwork, fc.boolean()).map(([number, docker]) => changeNetwork(number, { docker })),
    ...(kinds.ovs
      ? [fc.tuple(anyNetwork, fc.option(ovsShape, { nil: undefined })).map(([number, ovs]) => changeNetwork(number, { ovs, mtu: 1400 }))]
      : []),
  );

/** A network that is removed and written anew with other addressing, or with overlay addresses for none, all in one edit, is refused. */
export const isAccepted = (before: ClusterShape, after: ClusterShape): boolean =>
  Object.entries(after.networks).every(([number, shape]) => {
    const former = before.networks[Number(number)] ?? shape;
    return former.perHost === shape.perHost && former.plane?.type === shape.plane?.type;
  });

/** Of everything there is. */
const ALL = { ovs: true, perHost: true };
export const clusterShape = clusterShapeOf(ALL);
export const clusterEdit = clusterEditOf(ALL);
