import { specJsonSchema } from "./json-schema.ts";
import { yamlLine } from "./yaml-line.ts";

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
}

const INTRODUCTION = `# The spec file

One YAML 1.2 file describes a cluster: its hosts and its networks. \`spanwire init\` writes a first one, \`spanwire
validate\` checks one without contacting any host, \`spanwire schema\` prints its JSON Schema for editors.

This page is made from the schema the parser uses (src/spec/spec-reference.ts); a test keeps the two equal.

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
- In a slice the first address stays unused, then come gateway and probe; the rest of the lower half is for static
  members, and Docker hands out the upper half.
- Underlay addresses are of one family and used once. VNIs and Docker network names are used once.
- \`mtu\` is at least 576 (RFC 791), for IPv6 subnets 1280 (RFC 8200), and must fit the underlay's MTU minus the
  encapsulation: VXLAN takes 50 bytes over IPv4 and 70 over IPv6.

## What YAML may do here

UTF-8, at most 8 MiB, 32 levels, 10,000 hosts, 64 networks and 100 aliases; one document; plain decimal numbers; no tags,
no merge keys (\`<<\`), no key twice, no invisible characters. An unknown field is an error.

## The lock

\`spanwire.lock\` stands beside \`spanwire.yaml\` and belongs in the same version control. It holds what must never move by
itself: host indexes, slices, VNIs, MTUs. It is never edited by hand.
`;

/** docs/reference/spec.md: every field of the file, from the schema the parser itself uses. */
export function renderSpecReference(): string {
  const rows = fieldRows(specJsonSchema(), "");
  const table = rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [INTRODUCTION, "| field | value | default | what it is | example |", "|---|---|---|---|---|", ...table, RULES].join("\n");
}

function fieldRows(schema: Schema, path: string): string[][] {
  const branches = [schema, ...(schema.anyOf ?? [])];
  return branches.flatMap((branch) => {
    const fields = Object.entries(branch.properties ?? {});
    const below = typeof branch.additionalProperties === "object" ? fieldRows(branch.additionalProperties, `${path}.NAME`) : [];
    return [
      ...fields.flatMap(([name, field]) => fieldRow(`${path}.${name}`.replace(/^\./, ""), field, branch.required?.includes(name) ?? false)),
      ...below,
    ];
  });
}

function fieldRow(path: string, field: Schema, isRequired: boolean): string[][] {
  const given = field.default === undefined ? "" : code(field.default);
  const row = [
    `\`${path}\``,
    valueText(field),
    isRequired ? "required" : given,
    field.description ?? "",
    field.examples === undefined ? "" : code(field.examples[0]),
  ];
  return [row, ...fieldRows(field, path)];
}

function valueText(field: Schema): string {
  if (field.anyOf !== undefined) return field.anyOf.map(valueText).join(" or ");
  if (field.const !== undefined) return code(field.const);
  if (field.enum !== undefined) return field.enum.map(code).join(", ");
  if (field.type === "integer") return `${field.minimum} to ${field.maximum}`;
  return field.type === "object" ? "mapping" : (field.type ?? "");
}

function code(value: unknown): string {
  return `\`${yamlLine(value)}\``;
}
