import { containsPrefix, overlapsPrefix } from "./prefix.ts";

interface NamedPrefix {
  prefix: string;
  name: string;
}

/** IANA special-purpose registries (RFC 6890) and what cannot be a member's address. */
const RESERVED: readonly NamedPrefix[] = [
  { prefix: "0.0.0.0/8", name: '"this network" (RFC 1122)' },
  { prefix: "127.0.0.0/8", name: "loopback (RFC 1122)" },
  { prefix: "169.254.0.0/16", name: "link-local (RFC 3927)" },
  { prefix: "224.0.0.0/4", name: "multicast (RFC 5771)" },
  { prefix: "240.0.0.0/4", name: "reserved (RFC 1112)" },
  { prefix: "::/96", name: "unspecified, loopback and IPv4-compatible (RFC 4291)" },
  { prefix: "::ffff:0:0/96", name: "IPv4-mapped (RFC 4291)" },
  { prefix: "64:ff9b::/96", name: "IPv4-embedded (RFC 6052)" },
  { prefix: "fe80::/10", name: "link-local (RFC 4291)" },
  { prefix: "ff00::/8", name: "multicast (RFC 4291)" },
];

/** For examples in texts; tests of ours use them as underlay addresses that no real host has. */
const DOCUMENTATION: readonly NamedPrefix[] = [
  { prefix: "192.0.2.0/24", name: "for documentation (RFC 5737)" },
  { prefix: "198.51.100.0/24", name: "for documentation (RFC 5737)" },
  { prefix: "203.0.113.0/24", name: "for documentation (RFC 5737)" },
  { prefix: "2001:db8::/32", name: "for documentation (RFC 3849)" },
  { prefix: "3fff::/20", name: "for documentation (RFC 9637)" },
];

/** RFC 1918, RFC 6598 (shared), RFC 2544 (benchmarks), RFC 4193 (unique local). */
const PRIVATE: readonly string[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7"];

/** RFC 6598: between carriers and their customers; some clouds and VPNs use it inside. */
const SHARED = "100.64.0.0/10";

/** From these Docker takes subnets by itself (moby, daemon/libnetwork/ipamutils/utils.go). */
const DOCKER_POOLS: readonly string[] = [
  "172.17.0.0/16",
  "172.18.0.0/15",
  "172.20.0.0/14",
  "172.24.0.0/14",
  "172.28.0.0/14",
  "192.168.0.0/16",
];

/** The reserved range that a prefix or address touches. */
export function findReserved(prefix: string): NamedPrefix | undefined {
  return RESERVED.find((range) => overlapsPrefix(range.prefix, prefix));
}

export function findDocumentation(prefix: string): NamedPrefix | undefined {
  return DOCUMENTATION.find((range) => overlapsPrefix(range.prefix, prefix));
}

export function isPrivate(prefix: string): boolean {
  return PRIVATE.some((range) => containsPrefix(range, prefix));
}

export function isShared(prefix: string): boolean {
  return overlapsPrefix(SHARED, prefix);
}

/** The first of Docker's default pools that a prefix touches. */
export function findDockerPool(prefix: string): string | undefined {
  return DOCKER_POOLS.find((pool) => overlapsPrefix(pool, prefix));
}
