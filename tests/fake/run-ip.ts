import { containsPrefix, networkOf } from "../../src/net/prefix.ts";
import {
  addLink,
  deleteAddress,
  deleteLink,
  getLink,
  Refused,
  setMac,
  setMaster,
  setUp,
  type KernelModel,
  type ModelLink,
} from "./kernel-model.ts";
import { NEW_WIREGUARD } from "./run-wg.ts";

/** The `ip` and `bridge` lines we write, and only those: a word that is not known here fails the test. */
export function runIp(kernel: KernelModel, args: readonly string[]): void {
  const [object, verb, ...rest] = args;
  const words = [...rest];
  switch (`${object} ${verb}`) {
    case "link add":
      return linkAdd(kernel, words);
    case "link set":
      return linkSet(kernel, words);
    case "link del":
      return deleteLink(kernel, takeValue(words, "dev"));
    case "addr add":
    case "addr del":
      return changeAddress(kernel, verb === "add", words);
    case "route replace":
    case "route del":
      return changeRoute(kernel, verb === "replace", words);
    case "neigh replace":
    case "neigh del":
      return changeNeighbour(kernel, verb === "replace", words);
    default:
      throw unknown(args);
  }
}

const unknown = (words: readonly string[]): Error => new Error(`the fake host does not know: ${words.join(" ")}`);

function take(words: string[]): string {
  const word = words.shift();
  if (word === undefined) throw new Error("the line ends too early");
  return word;
}

function takeValue(words: string[], name: string): string {
  if (words[0] !== name) throw unknown(words);
  words.shift();
  return take(words);
}

function linkAdd(kernel: KernelModel, words: string[]): void {
  const name = take(words);
  if (!/^[^\s/]{1,15}$/.test(name)) throw new Refused(`Error: argument "${name}" is wrong: "name" not a valid ifname`);
  const mac = words[0] === "address" ? takeValue(words, "address") : "";
  const mtuBytes = words[0] === "mtu" ? Number(takeValue(words, "mtu")) : 1500;
  const kind = takeValue(words, "type");
  if (kind === "bridge") {
    const stp = takeValue(words, "stp_state") === "1";
    const mcastSnooping = takeValue(words, "mcast_snooping") === "1";
    addLink(kernel, { name, kind, mac, mtuBytes, bridge: { stp, mcastSnooping, vlanFiltering: false } });
  } else if (kind === "vxlan") {
    const [vni, local] = [Number(takeValue(words, "id")), takeValue(words, "local")];
    const [port, df, ttl] = [Number(takeValue(words, "dstport")), takeValue(words, "df"), Number(takeValue(words, "ttl"))];
    addLink(kernel, { name, kind, mac, mtuBytes, vxlan: { vni, local, port, df, ttl, learning: take(words) === "learning", remote: "" } });
  } else if (kind === "veth") {
    const peer = takeValue(words.splice(0, 1)[0] === "peer" ? words : [], "name");
    const peerMtuBytes = Number(takeValue(words, "mtu"));
    addLink(kernel, { name, kind, mac, mtuBytes, peer, checksumOffload: true });
    addLink(kernel, { name: peer, kind, mtuBytes: peerMtuBytes, peer: name, checksumOffload: true });
  } else if (kind === "wireguard") addLink(kernel, { name, kind, mtuBytes, wireguard: NEW_WIREGUARD });
  else throw unknown([kind, ...words]);
  if (words.length > 0) throw unknown(words);
}

function linkSet(kernel: KernelModel, words: string[]): void {
  const link = getLink(kernel, takeValue(words, "dev"));
  while (words.length > 0) {
    const word = take(words);
    if (word === "type") return setTyped(link, words);
    if (word === "alias") link.alias = take(words).replace(/^""$/, "");
    else if (word === "address") setMac(kernel, link, take(words));
    else if (word === "mtu") Object.assign(link, { mtuBytes: Number(take(words)), keepsMtu: true });
    else if (word === "addrgenmode") takeNone(words);
    else if (word === "master") setMaster(kernel, link, take(words));
    else if (word === "nomaster") setMaster(kernel, link, undefined);
    else if (word === "up" || word === "down") setUp(kernel, link, word === "up");
    else throw unknown([word, ...words]);
  }
}

/** `ethtool -K DEVICE tx on|off`, and only that. */
export function runEthtool(kernel: KernelModel, args: readonly string[]): void {
  const [verb, device = "", feature, value] = args;
  if (verb !== "-K" || feature !== "tx" || args.length !== 4) throw unknown(args);
  getLink(kernel, device).checksumOffload = value === "on";
}

function takeNone(words: string[]): void {
  if (take(words) !== "none") throw unknown(words);
}

function setTyped(link: ModelLink, words: string[]): void {
  const type = take(words);
  const { vxlan, bridge, port } = link;
  if ((type === "bridge_slave" && port === undefined) || (type !== "bridge_slave" && link.kind !== type)) {
    throw new Refused("RTNETLINK answers: Operation not supported");
  }
  while (words.length > 0) {
    const word = take(words);
    if (type === "vxlan" && (word === "learning" || word === "nolearning")) vxlan!.learning = word === "learning";
    else if (type === "vxlan" && word === "local") vxlan!.local = take(words);
    else if (type === "vxlan" && word === "df") vxlan!.df = take(words);
    else if (type === "vxlan" && word === "ttl") vxlan!.ttl = Number(take(words));
    else if (type === "bridge" && word === "stp_state") bridge!.stp = take(words) === "1";
    else if (type === "bridge" && word === "mcast_snooping") bridge!.mcastSnooping = take(words) === "1";
    else if (type === "bridge_slave" && word in PORT_FLAGS) port![PORT_FLAGS[word as keyof typeof PORT_FLAGS]] = take(words) === "on";
    // what a port has learned is no part of the model
    else if (type !== "bridge_slave" || word !== "fdb_flush") throw unknown([word, ...words]);
  }
}

const PORT_FLAGS = {
  isolated: "isolated",
  neigh_suppress: "neighSuppress",
  flood: "flood",
  mcast_flood: "mcastFlood",
  bcast_flood: "bcastFlood",
} as const;

function changeAddress(kernel: KernelModel, add: boolean, words: string[]): void {
  const cidr = take(words);
  const device = takeValue(words, "dev");
  getLink(kernel, device);
  const known = kernel.addresses.findIndex((entry) => entry.device === device && entry.cidr === cidr);
  if (add && known >= 0) throw new Refused("RTNETLINK answers: File exists");
  if (!add && known < 0) throw new Refused("RTNETLINK answers: Cannot assign requested address");
  if (add) kernel.addresses.push({ device, cidr });
  else deleteAddress(kernel, device, cidr);
}

function changeRoute(kernel: KernelModel, add: boolean, words: string[]): void {
  const destination = take(words);
  const gateway = words[0] === "via" ? takeValue(words, "via") : undefined;
  const device = takeValue(words, "dev");
  const protocol = takeValue(words, "proto");
  const source = words[0] === "src" ? takeValue(words, "src") : undefined;
  if (source !== undefined && add && !kernel.addresses.some(({ cidr }) => cidr.split("/")[0] === source))
    throw new Refused("RTNETLINK answers: Invalid argument");
  if (!getLink(kernel, device).up) throw new Refused("RTNETLINK answers: Network is down");
  const isOnLink =
    gateway === undefined || kernel.addresses.some((entry) => entry.device === device && containsPrefix(networkOf(entry.cidr), gateway));
  if (add && !isOnLink) throw new Refused("Error: Nexthop has invalid gateway.");
  // a new one takes the place of any other to its destination; one is removed by all that is said of it (fib_table_delete)
  const others = kernel.routes.filter(
    (entry) => entry.destination !== destination || (!add && (entry.device !== device || entry.protocol !== protocol)),
  );
  if (!add && others.length === kernel.routes.length) throw new Refused("RTNETLINK answers: No such process");
  kernel.routes = add
    ? [
        ...others,
        { device, destination, ...(gateway === undefined ? {} : { gateway }), protocol, ...(source === undefined ? {} : { source }) },
      ]
    : others;
}

function changeNeighbour(kernel: KernelModel, add: boolean, words: string[]): void {
  const address = take(words);
  const mac = add ? takeValue(words, "lladdr") : "";
  const device = takeValue(words, "dev");
  getLink(kernel, device);
  if (add && takeValue(words, "nud") !== "permanent") throw unknown(words);
  const known = kernel.neighbours.findIndex((entry) => entry.device === device && entry.address === address);
  if (!add && known < 0) throw new Refused("RTNETLINK answers: No such file or directory");
  if (known >= 0) kernel.neighbours.splice(known, 1);
  if (add) kernel.neighbours.push({ device, address, mac });
}

const UNKNOWN_MAC = "00:00:00:00:00:00";

/** `bridge fdb append|replace|del MAC dev DEVICE [dst ADDRESS] self|master [permanent|static] [sticky]`. */
export function runBridge(kernel: KernelModel, args: readonly string[]): void {
  const words = [...args];
  if (take(words) !== "fdb") throw unknown(args);
  const verb = take(words);
  const mac = take(words);
  const device = takeValue(words, "dev");
  const destination = words[0] === "dst" ? takeValue(words, "dst") : undefined;
  const table = take(words);
  const state = words.length > 0 ? take(words) : "";
  const sticky = words[0] === "sticky" && take(words) === "sticky";
  if (words.length > 0 || !["append", "replace", "del"].includes(verb) || !["self", "master"].includes(table)) throw unknown(args);
  const link = getLink(kernel, device);
  const master = table === "master" ? link.master : undefined;
  if (table === "master" && master === undefined) throw new Refused("RTNETLINK answers: Operation not supported");
  const isSame = (entry: (typeof kernel.fdb)[number]): boolean =>
    master === undefined
      ? entry.device === device &&
        entry.mac === mac &&
        entry.master === undefined &&
        (mac !== UNKNOWN_MAC || entry.destination === destination)
      : entry.mac === mac && entry.master === master; // a bridge knows one port for a MAC
  const known = kernel.fdb.findIndex(isSame);
  if (verb === "del" && kernel.fdb[known]?.device !== device) throw new Refused("RTNETLINK answers: No such file or directory");
  if (known >= 0) kernel.fdb.splice(known, 1);
  if (verb === "del") return;
  kernel.fdb.push({
    ...{ device, mac, state },
    ...(destination === undefined ? {} : { destination }),
    ...(master === undefined ? {} : { master }),
    ...(sticky ? { sticky: true as const } : {}),
  });
}
