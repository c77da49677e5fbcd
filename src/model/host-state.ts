import type { Resource } from "../kinds/index.ts";
import type { BootServices } from "../tools/own-files.ts";
import type { Wire } from "../net/tunnel.ts";
import type { Snapshot, SnapshotRoute } from "./snapshot.ts";

/** A host as one snapshot shows it, made once and read by everybody: what is ours, and what a plan must know besides. */
export interface HostState {
  /** As it was read. */
  snapshot: Snapshot;
  facts: HostFacts;
  /** Ours, by key; links of ours that lost their mark are among them (src/kinds/claim-links.ts). */
  observed: ReadonlyMap<string, Resource>;
}

/** Every host that answered, by name. */
export type Facts = ReadonlyMap<string, HostFacts>;

/** What a plan needs to know of a host besides our own objects. */
export interface HostFacts {
  /** MTU of the device that carries the underlay address; undefined when no device has it. */
  underlayMtuBytes: number | undefined;
  underlayDevice: string | undefined;
  /** Routes that do not lead to a device of ours. */
  routes: readonly Pick<SnapshotRoute, "destination" | "device" | "gateway">[];
  tunnels: readonly StandingTunnel[];
  udpPorts: readonly number[];
  docker: { ready: boolean; reason: string; version: string; swarm: boolean; firewall: string };
  /** Docker networks without our mark; subnets only of those whose addresses Docker keeps apart from ours on this host. */
  foreignDockerNetworks: readonly { name: string; subnets: readonly string[] }[];
  /** Running containers whose veth lost its bridge. */
  lostPorts: readonly { device: string; bridge: string; container: string }[];
  /** "nft (package nftables)"; empty when all are there. */
  missingTools: string;
  /** Services that want files of ours; undefined without systemd. */
  boot: BootServices | undefined;
  ovs: { ready: boolean; reason: string; kernelDatapath: boolean };
  /** The underlay address sits on a userspace bridge of Open vSwitch: only there can userspace tunnels start. */
  isUnderlayInUserspace: boolean;
}

/** A tunnel that is on the host now, ours or anybody's. */
export interface StandingTunnel {
  name: string;
  isOurs: boolean;
  wire: Wire;
  /** Who takes its packets from the wire. */
  receiver: string;
  /** It shares its UDP port with no other, not even of its own receiver. */
  isExclusive: boolean;
  /** Open vSwitch takes them before the host's firewall sees them. */
  isInUserspace: boolean;
  /** Addresses its packets come from, or "any". */
  remotes: readonly string[];
  /** Of a VXLAN device of the kernel's. */
  vni?: number;
  /** Of a port of Open vSwitch. */
  ovs?: { type: string; key: string };
}
