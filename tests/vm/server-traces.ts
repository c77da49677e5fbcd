import type { Machine } from "./machine.ts";

/** What `destroy --purge` must leave as it was, asked by Debian's own tools. Loaded modules and logs may stay. */
const QUESTIONS = {
  links: "ip -brief link | sed 's/ .*//'",
  addresses: "ip -brief -4 address",
  routes: "ip -4 route show table all; ip rule",
  nftables: "nft --stateless list ruleset",
  sysctls: "sysctl -a --pattern '^net\\.(ipv4\\.(ip_forward|conf\\.(all|default|eth0)\\.)|bridge\\.)' 2>/dev/null",
  docker: "docker network ls --format '{{.Name}} {{.Driver}}'; docker ps --all --quiet",
  ovs: "ovs-vsctl list-br",
  units: "systemctl list-unit-files --no-legend | sed 's/ .*//'; ls -A /etc/systemd/system /run/systemd/transient 2>/dev/null || true",
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
