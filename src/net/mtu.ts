import type { Encapsulation, MtuWish } from "../model/cluster.ts";
import type { Problem } from "../model/problem.ts";
import type { Family } from "./prefix.ts";
import type { Tunnel } from "./tunnel.ts";

/** Outer IP header: RFC 791 section 3.1 without options, RFC 8200 section 3. */
const OUTER_IP_BYTES: Record<Family, number> = { 4: 20, 6: 40 };

/** What stands between the outer IP header and the inner IP packet. 14 is the inner Ethernet header (IEEE 802.3). */
const TUNNEL_BYTES: Record<Encapsulation, number> = {
  /** RFC 7348 section 5: UDP 8, VXLAN 8. */
  vxlan: 8 + 8 + 14,
  /** RFC 2784 section 2.1: 4, with an Ethernet payload (gretap). */
  gre: 4 + 14,
  /** RFC 8926 section 3.4: UDP 8, Geneve 8 without options. */
  geneve: 8 + 8 + 14,
  /** WireGuard whitepaper section 5.4.6: UDP 8, header 16, Poly1305 tag 16; carries IP, no Ethernet header. */
  wireguard: 8 + 16 + 16,
};

/** RFC 2890 section 2: the key field. */
const GRE_KEY_BYTES = 4;

/** RFC 791 section 3.2: what every host must accept; RFC 8200 section 5: the least an IPv6 link may carry. */
const LEAST_MTU_BYTES: Record<Family, number> = { 4: 576, 6: 1280 };

/** The kernel's IP_MAX_MTU and ETH_MAX_MTU (include/net/ip.h, include/uapi/linux/if_ether.h). */
export const MOST_MTU_BYTES = 65_535;

/** `family` is the underlay's. VXLAN over IPv4 is 50, over IPv6 70; without a tunnel nothing is added. */
export function encapOverheadBytes(tunnel: Pick<Tunnel, "encapsulation" | "hasKey"> | undefined, family: Family): number {
  if (tunnel === undefined) return 0;
  const { encapsulation, hasKey } = tunnel;
  const key = encapsulation === "gre" && hasKey ? GRE_KEY_BYTES : 0;
  return OUTER_IP_BYTES[family] + TUNNEL_BYTES[encapsulation] + key;
}

export function leastMtuBytes(subnetFamily: Family): number {
  return LEAST_MTU_BYTES[subnetFamily];
}

export interface NetworkMtuInput {
  /** One per host, or only the smallest. */
  underlayMtus: readonly number[];
  /** undefined: packets travel as they are. */
  tunnel: Pick<Tunnel, "encapsulation" | "hasKey"> | undefined;
  /** The underlay's. */
  family: Family;
  wish: MtuWish;
  /** The network's own. */
  subnetFamily?: Family;
}

/** The largest inner packet every path carries, or the user's own smaller number. */
export function networkMtu(input: NetworkMtuInput): number | Problem {
  const { tunnel, family, wish } = input;
  const underlay = input.underlayMtus.reduce((a, b) => Math.min(a, b), MOST_MTU_BYTES);
  const reserved = wish.reserve === undefined ? 0 : encapOverheadBytes({ encapsulation: wish.reserve, hasKey: true }, family);
  const overhead = Math.max(encapOverheadBytes(tunnel, family), reserved);
  const most = underlay - overhead;
  const least = leastMtuBytes(input.subnetFamily ?? 4);
  const sum = `${underlay} (smallest underlay MTU) - ${overhead} (${reserved === overhead ? wish.reserve : describeTunnel(tunnel)} over IPv${family}) = ${most}`;
  const problem = { kind: "input" as const, doing: "choosing the MTU", what: `${wish.bytes ?? most}`, where: "" };
  if (most < least) {
    return {
      ...problem,
      why: `${sum}, and the network needs at least ${least}`,
      try: `raise the underlay's MTU to ${least + overhead} or more`,
    };
  }
  if (wish.bytes === undefined) return most;
  if (wish.bytes > most) {
    return { ...problem, why: `${wish.bytes} bytes do not fit: ${sum}`, try: `write mtu: ${most}, or leave it out` };
  }
  if (wish.bytes < least) {
    return { ...problem, why: `${wish.bytes} is less than the ${least} the network needs`, try: `write mtu: ${least} or more` };
  }
  return wish.bytes;
}

export function describeTunnel(tunnel: NetworkMtuInput["tunnel"]): string {
  if (tunnel === undefined) return "no tunnel";
  const { encapsulation, hasKey } = tunnel;
  return encapsulation === "gre" && hasKey ? "gre with a key" : encapsulation;
}
