import { containsPrefix, findAddressFault } from "../net/prefix.ts";

export interface FirstHost {
  name: string;
  address: string;
}

/** Wide private ranges, apart from Docker's own pools; the first that holds no host is proposed. */
const SUBNETS: readonly [string, ...string[]] = ["10.64.0.0/12", "10.160.0.0/12", "10.224.0.0/12"];

const EXAMPLE_HOSTS: readonly FirstHost[] = [
  { name: "vm1", address: "192.168.122.81" },
  { name: "vm2", address: "192.168.122.82" },
  { name: "vm3", address: "192.168.122.83" },
];

/** The commented file that `spanwire init` writes. Names and addresses are quoted where YAML could misread them. */
export function renderFirstSpec(cluster: string, hosts: readonly FirstHost[]): string {
  const shown = hosts.length === 0 ? EXAMPLE_HOSTS : hosts;
  const isFree = (subnet: string): boolean =>
    !shown.some(({ address }) => findAddressFault(address) === undefined && containsPrefix(subnet, address));
  const subnet = SUBNETS.find(isFree) ?? SUBNETS[0];
  const example = hosts.length === 0 ? " Examples: put your own here." : "";
  return `# yaml-language-server: $schema=./spanwire.schema.json
# With \`spanwire schema > spanwire.schema.json\`, editors complete and check this file.
version: 1
cluster: ${yamlWord(cluster)}

# The Docker hosts.${example} \`address\` is where the others reach a host: tunnels start and end there.
# \`ssh\` is where OpenSSH reaches it, when that differs: ssh: root@vm1
hosts:
${shown.map(({ name, address }) => `  ${yamlWord(name)}: { address: ${yamlWord(address)} }`).join("\n")}

networks:
  # Containers join with \`docker run --network apps\`, on any host.
  apps:
    # One range for all hosts; each host gives its containers addresses from its own slice of it.
    subnet: ${subnet}
    # Kernel VXLAN. In full: { type: vxlan, port: 8472, vni: 4200 }
    dataplane: vxlan
    # masquerade: containers reach the outside with their host's address. none: they do not.
    egress: masquerade
`;
}

function yamlWord(text: string): string {
  return /^[a-z][a-z0-9_-]*$|^[0-9]+\.[0-9.]+$/.test(text) && !["null", "true", "false"].includes(text) ? text : JSON.stringify(text);
}
