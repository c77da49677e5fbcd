import type { ClusterGraph, NetworkGraph } from "./cluster-graph.ts";

/** For a terminal: a network's hosts, each with those it has a tunnel to. */
export function renderGraphText({ cluster, hosts, networks }: ClusterGraph): string {
  const addresses = new Map(hosts.map(({ name, address }) => [name, address]));
  return [`cluster ${cluster}`, ...networks.flatMap((network) => ["", ...renderNetwork(network, addresses)])].join("\n");
}

function renderNetwork(network: NetworkGraph, addresses: ReadonlyMap<string, string>): string[] {
  const rows = network.hosts.map(({ name, slice }) => [
    name === network.root ? `${name} (root)` : name,
    addresses.get(name) ?? "",
    slice,
    describePeers(network, name),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const count = `${network.linkCount} ${network.linkCount === 1 ? "link" : "links"}`;
  return [
    `network ${network.name}  ${network.subnet}  ${network.dataplane}  ${network.wire}  ${count}`,
    ...rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd()),
    ...(network.links.some((link) => link.blockedAt !== undefined)
      ? ["  --x: expected to carry nothing while all is well, blocked by the host at the x"]
      : []),
  ];
}

/** "-- vm2, --x vm3": the x stands at the end that blocks. */
function describePeers({ links, linkCount }: NetworkGraph, host: string): string {
  if (links.length < linkCount) return "-- every other host";
  return links
    .flatMap(({ ends: [a, b], blockedAt }) => {
      if (a !== host && b !== host) return [];
      const peer = a === host ? b : a;
      const line = blockedAt === undefined ? "--" : blockedAt === host ? "x--" : "--x";
      return [`${line} ${peer}`];
    })
    .join("  ");
}
