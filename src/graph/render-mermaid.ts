import type { ClusterGraph } from "./cluster-graph.ts";
import { describeNode } from "./graph-node.ts";

/** A Mermaid flowchart (mermaid.js.org/syntax/flowchart.html), which GitHub and GitLab draw in Markdown. */
export function renderGraphMermaid(graph: ClusterGraph): string {
  // ids of our own: some host names are words of the language ("end")
  const ids = new Map(graph.hosts.map(({ name }, index) => [name, `host${index + 1}`]));
  const nodes = graph.hosts.map((host) => {
    const { name, lines, isRoot } = describeNode(graph, host);
    const label = `"${lines.join("<br/>")}"`;
    return `  ${ids.get(name)}${isRoot ? `[[${label}]]` : `[${label}]`}`;
  });
  const edges = graph.networks.flatMap(({ name, links }) =>
    links.map(({ ends: [a, b], blockedAt }) => {
      const line = blockedAt === undefined ? `---|"${name}"|` : `-.-|"${name}: blocked at ${blockedAt}"|`;
      return `  ${ids.get(a)} ${line} ${ids.get(b)}`;
    }),
  );
  return ["flowchart LR", ...nodes, ...edges].join("\n");
}
