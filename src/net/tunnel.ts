import type { Encapsulation } from "../model/cluster.ts";

/** How a data plane wraps frames: what MTU, firewall and `verify` need to know of it. */
export interface Tunnel {
  encapsulation: Encapsulation;
  /** Whether the header carries a key that costs bytes of its own (GRE, RFC 2890); VXLAN and Geneve always carry theirs. */
  hasKey: boolean;
  /** UDP port; GRE is an IP protocol of its own and has none. Absent too while a plane has yet to choose one. */
  port?: number;
  /** What others send to it is refused by the tunnel itself, and its ends may lie behind NAT: our firewall names no senders. */
  authenticates?: boolean;
  /** Its port serves one network alone. */
  isExclusive?: boolean;
}

/** What a firewall between two hosts must let pass. 47 is IANA's protocol number for GRE. */
export function describeWire(tunnel: Tunnel | undefined): string {
  if (tunnel === undefined) return "the network's own addresses";
  const { port, encapsulation } = tunnel;
  if (encapsulation === "gre") return "IP protocol 47 (GRE)";
  return port === undefined ? "a UDP port" : `UDP port ${port}`;
}

/** What tells its packets from others on the underlay: the UDP port, or that they are GRE. */
export type Wire = number | "gre";

export const wireOf = ({ port }: Tunnel): Wire => port ?? "gre";

/** Who takes packets from the wire; a UDP port belongs to one of them. `by`: the kernel, or a datapath of Open vSwitch. */
export function describeReceiver(by: "kernel" | "system" | "netdev", encapsulation: string): string {
  const name = { vxlan: "VXLAN", geneve: "Geneve", wireguard: "WireGuard" }[encapsulation] ?? encapsulation.toUpperCase();
  return by === "kernel" ? `kernel ${name}` : `${name} of Open vSwitch${by === "netdev" ? " in userspace" : ""}`;
}
