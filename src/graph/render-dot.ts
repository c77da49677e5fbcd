import type { ClusterGraph } from "./cluster-graph.ts";
import { describeNode, type GraphNode } from "./graph-node.ts";

/** The Graphviz language (graphviz.org/doc/info/lang.html). */
export function renderGraphDot(graph: ClusterGraph): string {
  const edges = graph.networks.flatMap(({ name, links }) =>
    links.map(({ ends: [a, b], blockedAt }) => {
      const label = blockedAt === undefined ? name : `${name}: blocked at ${blockedAt}`;
      const style = blockedAt === undefined ? "" : ", style=dashed, color=red";
      return `  ${quote(a)} -- ${quote(b)} [label=${quote(label)}${style}];`;
    }),
  );
  return [
    `graph ${quote(graph.cluster)} {`,
    "  node [shape=box];",
    ...graph.hosts.map((host) => renderNode(describeNode(graph, host))),
    ...edges,
    "}",
  ].join("\n");
}

function renderNode({ name, lines, isRoot }: GraphNode): string {
  return `  ${quote(name)} [label=${quote(lines.join("\n"))}${isRoot ? ", peripheries=2" : ""}];`;
}

/** A double-quoted ID: only the quote needs escaping, and \n is a line break. */
const quote = (text: string): string => `"${text.replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
