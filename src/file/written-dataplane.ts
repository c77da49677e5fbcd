import type { SpecFile } from "./yaml/spec-file.ts";

/** Links as they stand in the file, in its order; they have passed the schema. */
export function writtenLinks(network: string, spec: SpecFile): readonly (readonly string[])[] {
  const links = writtenDataplane(network, spec)["links"];
  return Array.isArray(links) ? (links as string[][]) : [];
}

export function isHubWritten(network: string, spec: SpecFile): boolean {
  return writtenDataplane(network, spec)["hub"] !== undefined;
}

function writtenDataplane(network: string, spec: SpecFile): Readonly<Record<string, unknown>> {
  const { networks } = spec.value as { networks: Record<string, { dataplane: Record<string, unknown> | string } | undefined> };
  const written = networks[network]?.dataplane;
  return typeof written === "object" ? written : {};
}
