import { hasCycle } from "../../net/graph/graph.ts";
import type { Link, Topology } from "../../net/graph/links.ts";
import type { OvsSpec } from "./spec.ts";

/** "vxlan mesh split-horizon", "gre(keyless) ring rstp veth", "geneve star(vm1) none", "vxlan links none vm1+vm2 vm2+vm3" */
export const OVS_SHAPE = /^[a-z]+(?:\(keyless\))? [a-z]+(?:\([a-z0-9-]+\))? [a-z-]+(?: veth)?(?: [a-z0-9-]+\+[a-z0-9-]+)*$/;

/**
 * What makes tunnels so different that old and new can only stand side by side, as text for the lock. Another join is among
 * it: two joins of one OVS bridge would hand every broadcast to members twice. Hosts that come and go leave it as it is. Under a spanning tree links may change one by one; without one they belong to the shape.
 */
export function formatShape({ tunnel, key, topology, loops, join }: OvsSpec): string {
  const links = topology.shape === "links" && loops === "none" ? topology.links.map(([a, b]) => `${a}+${b}`) : [];
  return [
    key === "none" ? `${tunnel}(keyless)` : tunnel,
    formatTopology(topology),
    loops,
    ...(join === "veth" ? ["veth"] : []),
    ...links,
  ].join(" ");
}

function formatTopology(topology: Topology): string {
  if (topology.shape === "star") return `star(${topology.hub})`;
  return topology.shape === "nearest" ? `nearest(${topology.count})` : topology.shape;
}

/**
 * Whether one set of tunnels can become the other where it stands. Links that are a tree before and after may come and go
 * with their hosts as long as old and new together are without a loop: then no host present in both changed its links.
 */
export function isSameShape(before: string, after: string): boolean {
  const [old, wanted] = [splitShape(before), splitShape(after)];
  if (old.words !== wanted.words) return false;
  const links = [...new Map([...old.links, ...wanted.links].map((link) => [link.join("+"), link])).values()];
  return !hasCycle([...new Set(links.flat())], links);
}

function splitShape(shape: string): { words: string; links: Link[] } {
  const words = shape.split(" ");
  return {
    words: words.filter((word) => !word.includes("+")).join(" "),
    links: words
      .filter((word) => word.includes("+"))
      .map((link): Link => {
        const [a = "", b = ""] = link.split("+");
        return [a, b];
      }),
  };
}
