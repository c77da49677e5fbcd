import type { ClusterLab } from "./cluster-lab.ts";

/** The Linux bridge of a network: the same name on every host. */
export async function findBridge(cluster: ClusterLab, network: string, host = "vm1"): Promise<string> {
  const links = JSON.parse(await cluster.on(host, "ip", "-d", "-j", "link", "show", "type", "bridge")) as {
    ifname: string;
    ifalias?: string;
  }[];
  const found = links.find(({ ifalias = "" }) => ifalias.split(",").includes(`network=${network}`));
  if (found === undefined) throw new Error(`no bridge of ${network} on ${host}`);
  return found.ifname;
}
