import { describeRun, run } from "../../util/run.ts";
import type { ClaimsResult, ResolveParams } from "./protocol.ts";
import { resolveOnLink } from "./resolve.ts";

/**
 * Notes every answer, where the kernel's neighbour table keeps one per address (the first; the next ones only after
 * `locktime`, arp(7)). A neighbour advertisement's source is the address that was asked for (net/ipv6/ndisc.c). In the
 * probe's own namespace, so it goes with the probe.
 */
const LISTENER = `
add table netdev claims
delete table netdev claims
table netdev claims {
  set arp_answers { type ipv4_addr . ether_addr; size 65535; flags dynamic; }
  set nd_answers { type ipv6_addr . ether_addr; size 65535; flags dynamic; }
  chain ingress {
    type filter hook ingress device eth0 priority 0;
    arp operation reply update @arp_answers { arp saddr ip . arp saddr ether }
    icmpv6 type nd-neighbor-advert update @nd_answers { ip6 saddr . ether saddr }
  }
}
`;

/** Asks the segment for addresses, and tells everybody who answered for each: more than one MAC is an address used twice. */
export async function findClaims(params: ResolveParams): Promise<ClaimsResult> {
  const loaded = await run(["nft", "-f", "-"], { stdin: LISTENER });
  if (loaded.exitCode !== 0) throw new Error(describeRun(loaded));
  await resolveOnLink(params);
  const listed = await run(["nft", "-j", "list", "table", "netdev", "claims"]);
  if (listed.exitCode !== 0) throw new Error(describeRun(listed));
  const claims = parseClaims(listed.stdout);
  return params.addresses.map((address) => ({
    address,
    macs: claims
      .filter((claim) => claim.address === address)
      .map((claim) => claim.mac)
      .sort(),
  }));
}

/** libnftables-json(5). */
export function parseClaims(json: string): { address: string; mac: string }[] {
  const { nftables } = JSON.parse(json) as { nftables: readonly { set?: { elem?: readonly { concat: [string, string] }[] } }[] };
  return nftables.flatMap(({ set }) => set?.elem ?? []).map(({ concat: [address, mac] }) => ({ address, mac }));
}
