import { type Command, Option } from "commander";
import { openLockStore } from "../../engine/lock-store.ts";
import { resolveNetworks } from "../../lock/resolve-networks.ts";
import { describeGraph, type ClusterGraph } from "../../graph/cluster-graph.ts";
import { renderGraphDot } from "../../graph/render-dot.ts";
import { renderGraphMermaid } from "../../graph/render-mermaid.ts";
import { renderGraphSvg } from "../../graph/render-svg.ts";
import { renderGraphText } from "../../graph/render-text.ts";
import { pinWithoutHosts } from "../../lock/pin-without-hosts.ts";
import { resolveLab, withTarget } from "../program/options.ts";
import { printEnvelope } from "../terminal/envelope.ts";
import { print, say } from "../terminal/output.ts";
import { readSpec } from "../program/read-spec.ts";
import { findLockPath, type TargetFlags } from "../program/session.ts";

const RENDERERS = { text: renderGraphText, dot: renderGraphDot, mermaid: renderGraphMermaid, svg: renderGraphSvg };

interface GraphFlags extends TargetFlags {
  format: keyof typeof RENDERERS;
  json?: boolean;
}

export function registerGraph(program: Command): void {
  withTarget(program.command("graph"))
    .description("draw hosts, networks and links as the file wants them, with spanning tree roots and blocked links; no host is contacted")
    .addOption(new Option("--format <name>", "how").choices(Object.keys(RENDERERS)).default("text"))
    .option("--json", "for programs: one JSON document")
    .addHelpText("after", HELP)
    .action(async (raw: GraphFlags & { lab?: string | true }) => {
      const flags = resolveLab(raw);
      const graph = await readGraph(flags);
      if (flags.json === true) printEnvelope("graph", { ok: true, problems: [] }, graph);
      else print(RENDERERS[flags.format](graph));
    });
}

async function readGraph(flags: TargetFlags): Promise<ClusterGraph> {
  const spec = await readSpec(flags.file);
  const previous = await openLockStore(findLockPath(flags)).read();
  if (previous === undefined) say("note: the cluster has no lock yet; slices and the tree may still come out otherwise");
  return describeGraph(spec.cluster.name, resolveNetworks(spec.cluster, pinWithoutHosts(spec, previous).lock));
}

const HELP = `
A blocked link carries nothing while all is well: the spanning tree keeps it for the day another one fails.
\`spanwire status\` shows the ports as they are.

Examples:
  $ spanwire graph
  $ spanwire graph --format svg > network.svg
  $ spanwire graph --format dot | dot -Tpng > network.png
`;
