import { specJsonSchema } from "./json-schema.ts";
import { yamlLine } from "../yaml/yaml-line.ts";

interface Schema {
  description?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  examples?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  items?: Schema;
}

const INTRODUCTION = `# The spec file

One YAML 1.2 file describes a cluster: its hosts and its networks. \`spanwire init\` writes a first one, \`spanwire
validate\` checks one without contacting any host, \`spanwire schema\` prints its JSON Schema for editors.

This page is made from the schema the parser uses (src/file/schema/spec-reference.ts); a test keeps the two equal.

## Fields

\`NAME\` stands for a name of your own: hosts have 1 to 63 of a-z, 0-9 and -; networks and the cluster 1 to 31 of a-z,
0-9, _ and -, with a letter in front.
`;

const RULES = `
## Rules beyond single fields

- Subnets are private (RFC 1918, RFC 4193, RFC 2544; RFC 6598 with a warning), do not overlap each other, and contain no
  host's underlay address. A subnet inside Docker's own default pools (172.17.0.0 to 172.31.255.255, 192.168.0.0/16) is
  a warning.
- Every host gets a slice of each subnet. Without \`slicePrefix\` it leaves room for twice the hosts, and for at least 256
  slices in a subnet of /16 or wider, 64 in a narrower one, as long as a slice keeps 16 addresses.
- With \`mode: per-host\` each slice is a subnet of its own, and the start of the network's subnet is kept for the hosts'
  overlay addresses, a slice or more with room for twice the hosts, unless \`overlay\` says where. Neither the mode nor that
  prefix changes while the network is in use.
- In a slice the first address stays unused, then come gateway and probe; the rest of the lower half is for static
  members, and Docker hands out the upper half.
- \`ip\` keeps addresses for containers that ask for one. They lie in the lower half of the slice of the host the container
  runs on, behind gateway and probe, each once.
- Underlay addresses are of one family and used once. VNIs and keys are one set of numbers, each used once; so are Docker
  network names.
- \`dataplane: ovs\` stands for \`{ type: ovs, tunnel: vxlan, topology: mesh, loops: split-horizon, port: 4789, join: internal,
  datapath: kernel }\`. A UDP port belongs either to kernel VXLAN or to one kind of Open vSwitch tunnel; networks of the
  same kind share it. GRE without a key is the only GRE network of its hosts.
- Every host is reached over the links; a host without which others are cut off is a warning. \`split-horizon\` needs a
  full mesh, \`none\` a tree. There are at most 19,900 links, a full mesh of 200 hosts. With rstp and stp the bridge diameter is
  at most 20, with all links and with any one of them lost (IEEE 802.1D-2004, 17.14: messages older than 20 bridges are
  dropped); so at most 20 hosts are in a ring. From about 120 hosts on a longer path that a lost link makes may be overlooked.
- Tunnels whose kind, topology or loop protection changes get another key, for old and new stand side by side during the
  change; a key that is written must then be changed too. Hosts that come and go change nothing of it, except that the
  hub of a star without \`hub\` is its first host by name.
- \`mtu\` is at least 576 (RFC 791), for IPv6 subnets 1280 (RFC 8200), and must fit the underlay's MTU minus the
  encapsulation: VXLAN takes 50 bytes over IPv4 and 70 over IPv6.

## What YAML may do here

UTF-8, at most 8 MiB, 32 levels, 10,000 hosts, 64 networks and 100 aliases; one document; plain decimal numbers; no tags,
no key twice, no invisible characters. An unknown field is an error.

## The lock

\`spanwire.lock\` stands beside \`spanwire.yaml\` and belongs in the same version control. It holds what must never move by
itself: host indexes, slices, VNIs, MTUs. It is never edited by hand.
`;

/** Field, value, default, what it is, example: of every field of the file, in markdown. */
export function specFields(): string[][] {
  return fieldRows(specJsonSchema(), "");
}

/** docs/reference/spec.md: every field of the file, from the schema the parser itself uses. */
export function renderSpecReference(): string {
  const rows = specFields();
  const table = rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [INTRODUCTION, "| field | value | default | what it is | example |", "|---|---|---|---|---|", ...table, RULES].join("\n");
}

function fieldRows(schema: Schema, path: string): string[][] {
  const branches = [schema, ...branchesOf(schema)];
  return branches.flatMap((branch) => {
    const fields = Object.entries(branch.properties ?? {});
    const below = typeof branch.additionalProperties === "object" ? fieldRows(branch.additionalProperties, `${path}.NAME`) : [];
    return [
      ...fields.flatMap(([name, field]) => {
        const isRequired = branch.required?.includes(name) ?? false;
        return fieldRow(`${path}.${name}`.replace(/^\./, ""), field, { isRequired, type: typeOf(branch) });
      }),
      ...below,
    ];
  });
}

/** The schemas a union joins, also those of a union inside it. */
function branchesOf(schema: Schema): Schema[] {
  return [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((branch) => [branch, ...branchesOf(branch)]);
}

/** "ovs" for a mapping that is of this type only. */
function typeOf(schema: Schema): string | undefined {
  const type = schema.properties?.["type"]?.const;
  return typeof type === "string" ? type : undefined;
}

function fieldRow(path: string, field: Schema, { isRequired, type }: { isRequired: boolean; type: string | undefined }): string[][] {
  const given = field.default === undefined ? "" : code(field.default);
  const row = [
    `\`${path}\`${type === undefined ? "" : ` (${type})`}`,
    valueText(field),
    isRequired ? "required" : given,
    field.description ?? "",
    field.examples === undefined ? "" : code(field.examples[0]),
  ];
  return [row, ...fieldRows(field, path)];
}

function valueText(field: Schema): string {
  const branches = [...(field.anyOf ?? []), ...(field.oneOf ?? [])];
  if (branches.length > 0) return [...new Set(branches.map(valueText))].join(" or ");
  if (field.type === "array") return `list of ${valueText(field.items ?? {})}`;
  if (field.const !== undefined) return code(field.const);
  if (field.enum !== undefined) return field.enum.map(code).join(", ");
  if (field.type === "integer") return `${field.minimum} to ${field.maximum}`;
  return field.type === "object" ? "mapping" : (field.type ?? "");
}

function code(value: unknown): string {
  return `\`${yamlLine(value)}\``;
}
