import type { HostNeeds, Need } from "./needed-ports.ts";

/** A block a host, a line a need. */
export function renderNeeds(hosts: readonly HostNeeds[]): string {
  const names = new Map(hosts.map(({ name, address }) => [address, name]));
  const blocks = hosts.map(({ name, address, needs }) => {
    const lines = needs.map((need) => `  ${describeWhat(need)} ${describeFrom(need, names)}  (${need.networks.join(", ")})`);
    return [`${name}  ${address}`, ...(lines.length === 0 ? ["  nothing from other hosts"] : lines)].join("\n");
  });
  return [...blocks, NOTES].join("\n\n");
}

const NOTES = `Besides: SSH from wherever you run spanwire. ICMP echo between the hosts is needed for nothing, but without it \`verify\` cannot test
what size of packets the underlay carries. Answers to what a host sent itself must come back in, as everywhere.`;

function describeWhat({ protocol, port, to }: Need): string {
  if (protocol === "gre") return "IP protocol 47 (GRE)";
  if (protocol === "ip") return `packets to ${to ?? ""}, forwarded,`;
  return `UDP port ${port}`;
}

function describeFrom({ from }: Need, names: ReadonlyMap<string, string>): string {
  if (from === "any") return "from any address: a peer is behind NAT, and the tunnel answers nobody without a key";
  return `from ${from.map((address) => (names.has(address) ? `${address} (${names.get(address)})` : address)).join(", ")}`;
}
