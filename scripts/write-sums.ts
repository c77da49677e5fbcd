import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** dist/SHA256SUMS, for `sha256sum -c`: every file of the folder. */
export function writeSums(folder: string): void {
  const names = readdirSync(folder)
    .filter((name) => name !== "SHA256SUMS")
    .sort();
  const sumOf = (name: string): string =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  writeFileSync(join(folder, "SHA256SUMS"), names.map((name) => `${sumOf(name)}  ${name}\n`).join(""));
}

interface Bom {
  serialNumber?: string;
  metadata: { timestamp?: string; component: { name: string } };
  components: Component[];
  dependencies?: { ref: string; dependsOn: string[] }[];
}

interface Component {
  "bom-ref"?: string;
  type: string;
  name: string;
  version: string;
  purl: string;
  properties?: { name: string; value: string }[];
}

/**
 * What the executable is made of (cyclonedx.org): npm's own list, with Node beside it, and without what differs from run to
 * run. npm calls the package after its folder.
 */
export function completeBom(text: string, epochSeconds: number): string {
  const { serialNumber: _serialNumber, ...bom } = JSON.parse(text) as Bom;
  bom.metadata.timestamp = new Date(epochSeconds * 1000).toISOString();
  bom.metadata.component.name = "spanwire";
  const isDevelopment = ({ properties = [] }: Component): boolean =>
    properties.some(({ name, value }) => name === "cdx:npm:package:development" && value === "true");
  // npm's own --omit=dev leaves out what development packages use as well
  bom.components = bom.components.filter((component) => !isDevelopment(component));
  const kept = new Set(bom.components.map((component) => component["bom-ref"]));
  bom.dependencies = (bom.dependencies ?? [])
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => kept.has(one)) }))
    .filter(({ ref }) => kept.has(ref) || ref.startsWith("spanwire@"));
  const version = process.versions.node;
  bom.components.push({ type: "platform", name: "node", version, purl: `pkg:generic/node@${version}` });
  return `${JSON.stringify(bom, null, 2)}\n`;
}
