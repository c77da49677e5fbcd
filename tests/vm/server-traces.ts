import type { Machine } from "./machine.ts";

/**
 * What `destroy --purge` must leave as it was, asked by Debian's own tools. Logs may stay, and loaded modules with the
 * devices they make for themselves: those of ip_gre go only with it (net/ipv4/ip_gre.c, ip_tunnel_init_net).
 */
const QUESTIONS = {
  links: "ip -brief link | sed 's/ .*//' | grep -vE '^(gre|gretap|erspan)0@NONE$'",
  addresses: "ip -brief -4 address",
  routes: "ip -4 route show table all; ip rule",
  nftables: "nft --stateless list ruleset",
  sysctls: "sysctl -a --pattern '^net\\.(ipv4\\.(ip_forward|conf\\.(all|default|eth0)\\.)|bridge\\.)' 2>/dev/null",
  docker: "docker network ls --format '{{.Name}} {{.Driver}}'; docker ps --all --quiet",
  ovs: "ovs-vsctl list-br",
  units:
    "systemctl list-unit-files --no-legend | sed 's/ .*//'; find /etc/systemd/system /run/systemd/transient -mindepth 1 2>/dev/null || true",
  files: "find / -xdev -ipath '*spanwire*' -not -path '/proc/*' -not -path '/etc/initramfs-tools/*' -not -path '/etc/ssh/*'",
  processes: "ps -eo args= | grep -i '[s]panwire' || true",
} as const;

export type ServerTraces = Record<keyof typeof QUESTIONS, string>;

export async function readTraces(machine: Machine): Promise<ServerTraces> {
  const answers: [string, string][] = [];
  for (const [what, command] of Object.entries(QUESTIONS)) answers.push([what, sortLines(await machine.must(command))]);
  return Object.fromEntries(answers) as ServerTraces;
}

function sortLines(text: string): string {
  return text.split("\n").sort().join("\n").trim();
}
