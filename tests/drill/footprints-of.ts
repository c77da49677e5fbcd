import type { Footprint } from "../footprint/normalise-footprint.ts";
import type { ClusterLab } from "../lab/cluster-lab.ts";

/**
 * Without what no plan decides: journals, which stay as the record of what was tried, and what daemons draw anew whenever
 * they start: ovs-vswitchd the MACs of its own device ovs-netdev and of tunnel ports, Docker the MAC of docker0 and how
 * it words the gateway of its own network "bridge".
 */
export async function footprintsOf(cluster: ClusterLab): Promise<Record<string, Footprint>> {
  const read = await cluster.footprints();
  return Object.fromEntries(Object.entries(read).map(([host, found]) => [host, normalise(found)]));
}

const isDecided = (line: string): boolean => !/"ifname":"(ovs-netdev|docker0)"|"Name":"bridge"/.test(line);
const isState = (path: string): boolean => !/^(journal\/|audit\.jsonl)/.test(path);

function normalise(found: Footprint): Footprint {
  return {
    ...found,
    links: found.links.filter(isDecided),
    addresses: found.addresses.filter(isDecided),
    fdb: found.fdb.filter(isDecided),
    networks: found.networks.filter(isDecided),
    ovs: found.ovs.map((line) => (line.includes('"remote_ip"') ? line.replace(/"mac":"[^"]*"/, "") : line)),
    stateFiles: found.stateFiles.filter(isState),
  };
}
