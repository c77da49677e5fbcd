import type { ClusterLab } from "./cluster-lab.ts";

/** A port of any Open vSwitch bridge, read from the database by this file alone: nothing of the code under test has a part in it. */
export interface OvsInterface {
  name: string;
  type: string;
  bridge: string;
  options: Record<string, string>;
  txBytes: number;
  rxBytes: number;
}

/** OVSDB's notation (RFC 7047, section 5.1). */
type Value = string | number | ["uuid", string] | ["set", Value[]] | ["map", [string, string | number][]];

interface Table {
  headings: string[];
  data: Value[][];
}

async function list(cluster: ClusterLab, host: string, table: string, columns: string): Promise<Record<string, Value>[]> {
  const { headings, data } = JSON.parse(
    await cluster.on(host, "ovs-vsctl", "--format=json", `--columns=${columns}`, "list", table),
  ) as Table;
  return data.map((row) => Object.fromEntries(headings.map((heading, index) => [heading, row[index] ?? ""])));
}

const mapOf = (value: Value | undefined): Record<string, string | number> =>
  Array.isArray(value) && value[0] === "map" ? Object.fromEntries(value[1]) : {};

/** Interfaces of one host, those of the lab's own bridge left out. */
export async function readInterfaces(cluster: ClusterLab, host: string): Promise<OvsInterface[]> {
  const bridges = (await cluster.on(host, "ovs-vsctl", "list-br")).split("\n").filter((name) => name !== "" && name !== "br-phy");
  const bridgeOf = new Map<string, string>();
  for (const bridge of bridges) {
    for (const port of (await cluster.on(host, "ovs-vsctl", "list-ports", bridge)).split("\n")) bridgeOf.set(port, bridge);
  }
  const rows = await list(cluster, host, "Interface", "name,type,options,statistics");
  return rows.flatMap((row) => {
    const name = String(row["name"]);
    const bridge = bridgeOf.get(name);
    if (bridge === undefined) return [];
    const statistics = mapOf(row["statistics"]);
    return {
      ...{ name, bridge, type: String(row["type"]), options: mapOf(row["options"]) as Record<string, string> },
      ...{ txBytes: Number(statistics["tx_bytes"] ?? 0), rxBytes: Number(statistics["rx_bytes"] ?? 0) },
    };
  });
}

/** Every table as text without what counts or runs by itself: two readings of an untouched database are equal. */
export async function dumpDatabase(cluster: ClusterLab, host: string, ...bridges: string[]): Promise<string> {
  const columns = "name,ports,controller,datapath_type,fail_mode,stp_enable,rstp_enable,other_config,external_ids,mirrors,netflow,sflow";
  const parts = bridges.map(async (bridge) => {
    const ports = (await cluster.on(host, "ovs-vsctl", "list-ports", bridge)).split("\n").filter((name) => name !== "");
    return Promise.all([
      cluster.on(host, "ovs-vsctl", `--columns=${columns}`, "list", "Bridge", bridge),
      cluster.on(host, "ovs-vsctl", "get-controller", bridge),
      ...ports.map((port) =>
        cluster.on(host, "ovs-vsctl", "--columns=_uuid,name,interfaces,tag,other_config,external_ids", "list", "Port", port),
      ),
      ...ports.map((port) => cluster.on(host, "ovs-vsctl", "--columns=_uuid,name,type,options,external_ids", "list", "Interface", port)),
    ]);
  });
  return (await Promise.all(parts)).flat().join("\n");
}
