import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolveNetworks } from "../../../src/lock/resolve-networks.ts";
import { describeGraph, type ClusterGraph } from "../../../src/graph/cluster-graph.ts";
import { renderGraphDot } from "../../../src/graph/render-dot.ts";
import { renderGraphMermaid } from "../../../src/graph/render-mermaid.ts";
import { renderGraphSvg } from "../../../src/graph/render-svg.ts";
import { renderGraphText } from "../../../src/graph/render-text.ts";
import { parseSpec } from "../../../src/file/parse-spec.ts";
import { pinWithoutHosts } from "../../../src/lock/pin-without-hosts.ts";

/** What `spanwire graph` prints for the examples: one file per example and format. */
const EXAMPLES = ["quickstart", "000-ovs-vxlan-mesh", "001-gre-ring-stp-slices", "ovs-two-networks"];
const RENDERERS = {
  txt: renderGraphText,
  dot: renderGraphDot,
  mmd: renderGraphMermaid,
  svg: renderGraphSvg,
};

function graphOf(text: string): ClusterGraph {
  const { cluster, locate } = parseSpec(text, "spec.yaml");
  return describeGraph(cluster.name, resolveNetworks(cluster, pinWithoutHosts({ cluster, locate }, undefined).lock));
}

const specOf = (hostCount: number, dataplane: string): string => `
version: 1
cluster: many
hosts:
${Array.from({ length: hostCount }, (_, index) => `  vm${index + 1}: { address: 10.99.${index >> 8}.${index & 255} }`).join("\n")}
networks:
  apps: { subnet: 10.32.0.0/12, dataplane: ${dataplane}, addressing: { slicePrefix: 24 } }
`;

describe.each(EXAMPLES)("%s", (example) => {
  test.each(Object.entries(RENDERERS))("as %s", async (extension, render) => {
    const graph = graphOf(readFileSync(`examples/${example}.yaml`, "utf8"));
    await expect(`${render(graph)}\n`).toMatchFileSnapshot(join(import.meta.dirname, `${example}.${extension}`));
  });
});

/** What no example has. */
const SHAPES: Record<string, string> = {
  star: specOf(5, "{ type: ovs, topology: star }"),
  "star-with-hub": specOf(5, "{ type: ovs, topology: star, hub: vm4 }"),
  nearest: specOf(7, "{ type: ovs, links: { nearest: 4 } }"),
  "links-tree": specOf(5, "{ type: ovs, links: [[vm1, vm2], [vm2, vm3], [vm2, vm4], [vm4, vm5]] }"),
  "ring-with-priority": specOf(5, "{ type: ovs, tunnel: gre, topology: ring, priorities: { vm3: 4096 } }"),
};

describe.each(Object.entries(SHAPES))("%s", (shape, text) => {
  test.each(Object.entries(RENDERERS))("as %s", async (extension, render) => {
    await expect(`${render(graphOf(text))}\n`).toMatchFileSnapshot(join(import.meta.dirname, `${shape}.${extension}`));
  });
});

test("the written hub has every link, and the written priority makes the root", () => {
  const [star] = graphOf(SHAPES["star-with-hub"]!).networks;
  expect(star?.links.every(({ ends }) => ends.includes("vm4"))).toBe(true);
  expect(star).toMatchObject({ linkCount: 4 });
  const [ring] = graphOf(SHAPES["ring-with-priority"]!).networks;
  expect(ring?.root).toBe("vm3");
  const [tree] = graphOf(SHAPES["links-tree"]!).networks;
  expect(tree).not.toHaveProperty("root");
});

test("a ring of four: the host opposite the root blocks one of its two links, and the text says so at both ends", () => {
  const graph = graphOf(specOf(4, "{ type: ovs, tunnel: gre, topology: ring, loops: rstp }"));
  const [network] = graph.networks;
  expect(network?.root).toBe("vm1");
  expect(network?.links.filter((link) => link.blockedAt !== undefined)).toEqual([{ ends: ["vm3", "vm4"], blockedAt: "vm3" }]);
  const text = renderGraphText(graph);
  expect(text).toMatch(/vm3 .*x-- vm4/);
  expect(text).toMatch(/vm4 .*--x vm3/);
});

test("a mesh too large to draw says so in every format instead of drawing it", () => {
  const graph = graphOf(specOf(60, "vxlan"));
  expect(graph.networks[0]).toMatchObject({ linkCount: 1770, links: [] });
  expect(renderGraphText(graph)).toContain("1770 links\n  vm1 ");
  expect(renderGraphText(graph)).toContain("-- every other host");
  expect(renderGraphDot(graph)).toContain("apps: linked to every other host");
  expect(renderGraphMermaid(graph)).toContain("apps: linked to every other host");
  expect(renderGraphSvg(graph)).toContain("1770 links: every host to every other");
});

test("every drawing of a small cluster has each link exactly once", () => {
  const graph = graphOf(specOf(5, "{ type: ovs, tunnel: gre, topology: mesh, loops: split-horizon }"));
  expect(graph.networks[0]?.linkCount).toBe(10);
  expect(renderGraphDot(graph).match(/ -- /g)).toHaveLength(10);
  expect(renderGraphMermaid(graph).match(/ ---\|/g)).toHaveLength(10);
  expect(renderGraphSvg(graph).match(/<line /g)).toHaveLength(10);
});
