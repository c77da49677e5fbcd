import type { SnapshotOvsBridge, SnapshotOvsPort } from "../../src/model/snapshot.ts";
import { addLink, deleteLink, Refused, type KernelModel, type ModelLink } from "./kernel-model.ts";

/** Open vSwitch's database, as far as we write it, and the devices its daemon makes. */
export interface OvsModel {
  running: boolean;
  bridges: Map<string, SnapshotOvsBridge>;
  ports: Map<string, SnapshotOvsPort>;
}

export function createOvs(): OvsModel {
  return { running: true, bridges: new Map(), ports: new Map() };
}

/** One `ovs-vsctl` with many commands: all or nothing in the database; what the daemon then cannot do is said afterwards. */
export function runOvs(model: OvsModel, kernel: KernelModel, commands: readonly (readonly string[])[]): void {
  if (!model.running)
    throw new Refused("ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed (No such file or directory)");
  const bridges = structuredClone(model.bridges);
  const ports = structuredClone(model.ports);
  for (const words of commands.flatMap(splitCommands)) change({ bridges, ports }, words);
  const added = [...ports.values()].find((port) => !model.ports.has(port.name) && isMissing(port, kernel))?.name;
  Object.assign(model, { bridges, ports });
  syncDevices(model, kernel);
  const broken = markTwins(model);
  if (broken !== undefined)
    throw new Refused(`ovs-vsctl: Error detected while setting up '${broken}': could not add network device (File exists)`);
  if (added !== undefined)
    throw new Refused(`ovs-vsctl: Error detected while setting up '${added}': could not open network device ${added} (No such device)`);
}

/** "--" stands between commands; an option of a command stands before it. */
function splitCommands(words: readonly string[]): string[][] {
  const commands: string[][] = [[]];
  for (const word of words) {
    if (word === "--") commands.push([]);
    else commands.at(-1)!.push(word);
  }
  return commands;
}

/** A port of no type is a device of the kernel's, which must be there. */
export const isMissing = ({ type, name }: SnapshotOvsPort, kernel: KernelModel): boolean => type === "" && !kernel.links.has(name);

type Tables = Pick<OvsModel, "bridges" | "ports">;

function change({ bridges, ports }: Tables, words: readonly string[]): void {
  const mayMiss = words[0] === "--if-exists";
  const [verb, ...rest] = mayMiss ? words.slice(1) : words;
  const [first = "", second = ""] = rest;
  switch (verb) {
    case "add-br":
      if (bridges.has(first))
        throw new Refused(`ovs-vsctl: cannot create a bridge named ${first} because a bridge named ${first} already exists`);
      bridges.set(first, { name: first, datapath: "system", failMode: "", stp: false, rstp: false, otherConfig: {}, mark: "" });
      ports.set(first, { ...newPort(first, first), type: "internal" }); // its local port
      return;
    case "del-br":
      if (!bridges.delete(first) && !mayMiss) throw new Refused(`ovs-vsctl: no bridge named ${first}`);
      for (const port of ports.values()) if (port.bridge === first) ports.delete(port.name);
      return;
    case "add-port":
      if (!bridges.has(first)) throw new Refused(`ovs-vsctl: no bridge named ${first}`);
      if (ports.has(second))
        throw new Refused(`ovs-vsctl: cannot create a port named ${second} because a port named ${second} already exists`);
      ports.set(second, newPort(first, second));
      return setAll(ports.get(second)!, "Port", rest.slice(2));
    case "del-port": {
      const port = rest.length === 1 ? first : second;
      if (!ports.delete(port) && !mayMiss) throw new Refused(`ovs-vsctl: no port named ${port}`);
      return;
    }
    case "set":
      return setAll(rowOf({ bridges, ports }, first, second), first, rest.slice(2));
    case "remove": {
      const [, , column = "", key = ""] = rest;
      const row = rowOf({ bridges, ports }, first, second) as unknown as Record<string, Record<string, string>>;
      delete row[column === "other_config" ? "otherConfig" : column]?.[key];
      return;
    }
    default:
      throw new Error(`the fake host does not know: ovs-vsctl ${words.join(" ")}`);
  }
}

export function newPort(bridge: string, name: string): SnapshotOvsPort {
  const empty = { options: {}, otherConfig: {}, bfd: {}, status: {} };
  return { name, bridge, type: "", mac: "", mtuRequestBytes: 0, protected: false, error: "", mark: "", ...empty };
}

function rowOf({ bridges, ports }: Tables, table: string, name: string): SnapshotOvsBridge | SnapshotOvsPort {
  const row = table === "Bridge" ? bridges.get(name) : ports.get(name);
  if (row === undefined) throw new Refused(`ovs-vsctl: no row "${name}" in table ${table}`);
  return row;
}

/** `column=value` and `column:key=value`; a quoted value is JSON text. */
function setAll(row: object, table: string, settings: readonly string[]): void {
  const target = row as Record<string, unknown>;
  for (const setting of settings) {
    const [, column = "", key, text = ""] = /^(\w+)(?::([\w-]+))?=(.*)$/.exec(setting) ?? [];
    const value = text.startsWith('"') ? (JSON.parse(text) as string) : text;
    const field = FIELDS[`${table} ${column}`];
    if (field === undefined) throw new Error(`the fake host does not know: ovs-vsctl set ${table} ${setting}`);
    if (column === "external_ids") target["mark"] = value;
    else if (key !== undefined) target[field] = { ...(target[field] as object), [key]: value };
    else target[field] = value === "true" ? true : value === "false" ? false : field === "mtuRequestBytes" ? Number(value) : value;
  }
}

const FIELDS: Readonly<Record<string, string>> = {
  "Bridge datapath_type": "datapath",
  "Bridge fail_mode": "failMode",
  "Bridge stp_enable": "stp",
  "Bridge rstp_enable": "rstp",
  "Bridge other_config": "otherConfig",
  "Bridge external_ids": "mark",
  "Port protected": "protected",
  "Port other_config": "otherConfig",
  "Port external_ids": "mark",
  "Interface type": "type",
  "Interface options": "options",
  "Interface bfd": "bfd",
  "Interface mac": "mac",
  "Interface mtu_request": "mtuRequestBytes",
  "Interface external_ids": "mark",
};

/** ovs-vswitchd makes a device for each bridge and each internal port, and takes it away with the row. */
function syncDevices({ bridges, ports }: OvsModel, kernel: KernelModel): void {
  const wanted = new Map<string, SnapshotOvsPort | undefined>([...bridges.keys()].map((name) => [name, undefined]));
  for (const port of ports.values()) if (port.type === "internal" && port.name !== port.bridge) wanted.set(port.name, port);
  const isOvs = ({ kind, name, wireguard }: ModelLink): boolean => kind === "tun" && !wanted.has(name) && wireguard === undefined;
  for (const link of [...kernel.links.values()].filter(isOvs)) deleteLink(kernel, link.name);
  for (const [name, port] of wanted) {
    const known = kernel.links.get(name);
    const link = known ?? addLink(kernel, { name, kind: "tun" });
    if (port === undefined) continue;
    link.mac = port.mac;
    // asked for before the kernel has made the device, and again with the next change (iface_do_create in vswitchd/bridge.c)
    if (known !== undefined && port.mtuRequestBytes > 0) link.mtuBytes = port.mtuRequestBytes;
  }
}

/** A second tunnel of one type, remote and key gets no device (measured on Open vSwitch 3.1: "File exists"). */
function markTwins({ ports }: OvsModel): string | undefined {
  const seen = new Set<string>();
  let broken: string | undefined;
  for (const port of ports.values()) {
    if (port.options["remote_ip"] === undefined) continue;
    const key = JSON.stringify([port.type, port.options["remote_ip"], port.options["key"], port.options["dst_port"]]);
    port.error = seen.has(key) ? "could not add network device to ofproto (File exists)" : "";
    if (seen.has(key)) broken = port.name;
    seen.add(key);
  }
  return broken;
}
