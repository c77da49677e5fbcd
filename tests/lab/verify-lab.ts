import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Connection } from "../../src/transport/connection.ts";
import { openStdioConnection } from "../../src/transport/stdio.ts";
import { describeRun, run } from "../../src/util/run.ts";
import type { TargetHost, VerifyTarget } from "../../src/verify/measure/target.ts";

/** Hosts that are only namespaces on a switch, with kernel VXLAN built by hand: what `verify` is measured against. */
export interface VerifyLab {
  target: VerifyTarget;
  hosts: readonly string[];
  connections: ReadonlyMap<string, Connection>;
  namespaceOf(host: string): string;
  /** Lines of ip(8) -batch inside a host, or inside the switch ("switch"). */
  ip(host: string, ...lines: string[]): Promise<void>;
  exec(host: string, ...argv: string[]): Promise<string>;
  nft(host: string, script: string): Promise<void>;
  destroy(): Promise<void>;
}

export const TABLE = "spx";
export const SWITCH = "switch";
/** The outside: the switch's own address, which knows no route to any overlay. */
export const OUTSIDE = "192.168.77.254";
const VXLAN_PORT = 8472;
const MTU_BYTES = 1450;
const NETWORKS = [
  { name: "apps", letter: "a", vni: 101, octet: 64, egress: "masquerade" },
  { name: "legacy", letter: "b", vni: 102, octet: 65, egress: "none" },
] as const;

export async function createVerifyLab(hostCount: number): Promise<VerifyLab> {
  const id = `spx-${randomBytes(3).toString("hex")}`;
  const hosts = Array.from({ length: hostCount }, (_, index) => `vm${index + 1}`);
  const namespaceOf = (host: string): string => `${id}-${host}`;
  const made: string[] = [];
  const connections = new Map<string, Connection>();
  const must = async (argv: [string, ...string[]], stdin = ""): Promise<string> => {
    const result = await run(argv, { stdin });
    if (result.exitCode !== 0) throw new Error(`${describeRun(result)}\n${stdin}`);
    return result.stdout;
  };
  const exec = (host: string, ...argv: string[]): Promise<string> =>
    must(["nsenter", `--net=/run/netns/${namespaceOf(host)}`, "--", ...argv]);
  const lab: VerifyLab = {
    target: createTarget(hosts),
    hosts,
    connections,
    namespaceOf,
    exec,
    async ip(host, ...lines) {
      await must(["ip", "-n", namespaceOf(host), "-batch", "-"], `${lines.join("\n")}\n`);
    },
    async nft(host, script) {
      await must(["nsenter", `--net=/run/netns/${namespaceOf(host)}`, "--", "nft", "-f", "-"], script);
    },
    async destroy() {
      await Promise.all([...connections.values()].map((connection) => connection.close()));
      for (const name of made.splice(0).reverse()) await must(["ip", "netns", "del", name]);
    },
  };
  try {
    for (const host of [SWITCH, ...hosts]) {
      await must(["ip", "netns", "add", namespaceOf(host)]); // fails when it exists: then it is not ours
      made.push(namespaceOf(host));
    }
    await lab.ip(
      SWITCH,
      "link set lo up",
      "link add phy type bridge mcast_snooping 0",
      `addr add ${OUTSIDE}/24 dev phy`,
      "link set phy up",
    );
    await Promise.all(hosts.map((host, index) => createHost(lab, host, index + 1)));
    for (const host of hosts) connections.set(host, openHost(namespaceOf(host), host));
  } catch (error) {
    await lab.destroy();
    throw error;
  }
  return lab;
}

function openHost(namespace: string, host: string): Connection {
  const program = fileURLToPath(new URL("verify-host.ts", import.meta.url));
  return openStdioConnection(host, ["nsenter", `--net=/run/netns/${namespace}`, "--", process.execPath, program], {
    advice: "look at the test",
  });
}

function underlayOf(index: number): string {
  return `192.168.77.${index}`;
}

async function createHost(lab: VerifyLab, host: string, index: number): Promise<void> {
  await lab.ip(
    host,
    "link set lo up",
    `link add eth0 type veth peer name ${host} netns ${lab.namespaceOf(SWITCH)}`,
    `addr add ${underlayOf(index)}/24 dev eth0`,
    "link set eth0 up",
    `route add default via ${OUTSIDE}`,
  );
  await lab.ip(SWITCH, `link set ${host} master phy`, `link set ${host} up`);
  await lab.exec(
    host,
    "sysctl",
    "-qw",
    "net.ipv4.ip_forward=1",
    "net.bridge.bridge-nf-call-iptables=0",
    "net.ipv4.conf.all.send_redirects=0",
  );
  for (const { letter, vni, octet } of NETWORKS) {
    await lab.ip(
      host,
      `link add br-${letter} mtu ${MTU_BYTES} type bridge mcast_snooping 0`,
      `link add vx-${letter} mtu ${MTU_BYTES} type vxlan id ${vni} local ${underlayOf(index)} dstport ${VXLAN_PORT} df set`,
      `link set vx-${letter} master br-${letter}`,
      `addr add 10.${octet}.${index}.1/16 dev br-${letter}`,
      `link set br-${letter} up`,
      `link set vx-${letter} up`,
    );
    await lab.exec(host, "sysctl", "-qw", `net.ipv4.conf.br-${letter}.arp_ignore=1`);
    for (const peer of lab.hosts.keys()) {
      if (peer + 1 !== index)
        await lab.exec(host, "bridge", "fdb", "append", "00:00:00:00:00:00", "dev", `vx-${letter}`, "dst", underlayOf(peer + 1));
    }
  }
  await lab.nft(host, rules());
}

/** Isolation, egress and the fragment counter, the way our own table has them. */
function rules(): string {
  return `table inet ${TABLE} {
  chain raw { type filter hook prerouting priority -450; ip frag-off & 0x3fff != 0 counter comment "frag-in"; }
  chain input { type filter hook input priority 0;
    iifname "br-a" ip daddr 10.65.0.0/16 drop comment "input-a"
    iifname "br-b" ip daddr 10.64.0.0/16 drop comment "input-b"
  }
  chain forward { type filter hook forward priority 0;
    iifname "br-a" oifname "br-b" drop comment "forward-ab"
    iifname "br-b" oifname "br-a" drop comment "forward-ba"
    iifname "br-b" oifname != "br-b" drop comment "egress-b"
  }
  chain nat { type nat hook postrouting priority 100; ip saddr 10.64.0.0/16 ip daddr != 10.64.0.0/16 masquerade comment "masq-a"; }
}\n`;
}

function createTarget(hosts: readonly string[]): VerifyTarget {
  const hostsOf = (letter: string, octet: number): TargetHost[] =>
    hosts.map((host, index) => ({
      host,
      bridge: `br-${letter}`,
      gateway: `10.${octet}.${index + 1}.1`,
      overlay: `10.${octet}.${index + 1}.1`,
      probe: `10.${octet}.${index + 1}.2/16`,
      probeMac: `02:50:${octet.toString(16).padStart(2, "0")}:00:00:${(index + 1).toString(16).padStart(2, "0")}`,
    }));
  return {
    underlay: Object.fromEntries(hosts.map((host, index) => [host, { address: underlayOf(index + 1) }])),
    networks: NETWORKS.map(({ name, letter, octet, egress }) => ({
      name,
      subnet: `10.${octet}.0.0/16`,
      mtuBytes: MTU_BYTES,
      overheadBytes: 50,
      layer: 2,
      wire: `UDP port ${VXLAN_PORT}`,
      egress: { mode: egress },
      hosts: hostsOf(letter, octet),
    })),
  };
}
