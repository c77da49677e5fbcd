import type { ClusterGraph, GraphLink, NetworkGraph } from "./cluster-graph.ts";

const BOX_WIDTH = 150;
const BOX_HEIGHT = 58;
const MARGIN = 24;
const TITLE_HEIGHT = 64;
const GAP = 30;
/** The mark of a blocked port stands so far outside the blocking host's box. */
const MARK_AWAY = 12;

interface Point {
  x: number;
  y: number;
}

/** One panel per network, its hosts on a circle. No dependency, no script, no outside font: it can go into any page. */
export function renderGraphSvg(graph: ClusterGraph): string {
  const radius = Math.max(130, ...graph.networks.map(({ hosts }) => (hosts.length * (BOX_WIDTH + GAP)) / (2 * Math.PI)));
  const panel = { width: 2 * radius + BOX_WIDTH + 2 * MARGIN, height: 2 * radius + BOX_HEIGHT + TITLE_HEIGHT + 2 * MARGIN };
  const width = Math.ceil(panel.width * Math.max(graph.networks.length, 1));
  const height = Math.ceil(panel.height);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(`cluster ${graph.cluster}`)}</title>`,
    STYLE,
    `<rect class="page" width="${width}" height="${height}"/>`,
    ...graph.networks.flatMap((network, index) => [
      `<g transform="translate(${Math.round(index * panel.width)} 0)">`,
      ...renderNetwork(network, graph, radius),
      "</g>",
    ]),
    "</svg>",
  ].join("\n");
}

function renderNetwork(network: NetworkGraph, graph: ClusterGraph, radius: number): string[] {
  const middle = { x: MARGIN + BOX_WIDTH / 2 + radius, y: MARGIN + TITLE_HEIGHT + BOX_HEIGHT / 2 + radius };
  const places = placeHosts(network, middle, radius);
  const addresses = new Map(graph.hosts.map(({ name, address }) => [name, address]));
  const all = network.links.length === 0 && network.linkCount > 0;
  return [
    text({ x: middle.x, y: MARGIN + 12 }, "title", `${network.name}  ${network.subnet}`),
    text({ x: middle.x, y: MARGIN + 32 }, "small", `${network.dataplane}, ${network.wire}`),
    ...(all ? [text(middle, "small", `${network.linkCount} links: every host to every other`)] : []),
    ...network.links.flatMap((link) => renderLink(link, places)),
    ...network.hosts.flatMap(({ name, slice }) =>
      renderHost(places.get(name) ?? middle, name === network.root, [name, addresses.get(name) ?? "", slice]),
    ),
  ];
}

/** Clockwise from the top, in the order of their numbers. */
function placeHosts({ hosts }: NetworkGraph, middle: Point, radius: number): Map<string, Point> {
  return new Map(
    hosts.map(({ name }, index) => {
      const angle = (2 * Math.PI * index) / hosts.length - Math.PI / 2;
      const away = hosts.length === 1 ? 0 : radius;
      return [name, { x: middle.x + away * Math.cos(angle), y: middle.y + away * Math.sin(angle) }];
    }),
  );
}

function renderLink({ ends, blockedAt }: GraphLink, places: ReadonlyMap<string, Point>): string[] {
  const [a, b] = ends.map((end) => places.get(end));
  if (a === undefined || b === undefined) return [];
  const line = `<line class="${blockedAt === undefined ? "link" : "blocked"}" x1="${n(a.x)}" y1="${n(a.y)}" x2="${n(b.x)}" y2="${n(b.y)}"/>`;
  if (blockedAt === undefined) return [line];
  const [from, to] = blockedAt === ends[0] ? [a, b] : [b, a];
  const mark = leaveBox(from, to);
  return [
    line,
    `<circle class="mark" cx="${n(mark.x)}" cy="${n(mark.y)}" r="9"><title>blocked at ${escape(blockedAt)}</title></circle>`,
    text({ x: mark.x, y: mark.y + 4 }, "x", "x"),
  ];
}

/** A point on the way from one box's middle to another's, just outside the first. */
function leaveBox(from: Point, to: Point): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const edge = Math.min(BOX_WIDTH / 2 / Math.abs(dx), BOX_HEIGHT / 2 / Math.abs(dy));
  const share = edge + MARK_AWAY / Math.hypot(dx, dy);
  return { x: from.x + dx * share, y: from.y + dy * share };
}

function renderHost(at: Point, isRoot: boolean, [name = "", address = "", slice = ""]: readonly string[]): string[] {
  const [x, y] = [at.x - BOX_WIDTH / 2, at.y - BOX_HEIGHT / 2];
  const box = (inset: number): string =>
    `<rect class="host" x="${n(x + inset)}" y="${n(y + inset)}" width="${BOX_WIDTH - 2 * inset}" height="${BOX_HEIGHT - 2 * inset}" rx="6"/>`;
  return [
    box(0),
    ...(isRoot ? [box(3)] : []),
    text({ x: at.x, y: at.y - 10 }, "name", isRoot ? `${name} (root)` : name),
    text({ x: at.x, y: at.y + 7 }, "small", address),
    text({ x: at.x, y: at.y + 22 }, "small", slice),
  ];
}

const text = ({ x, y }: Point, kind: string, words: string): string =>
  `<text class="${kind}" x="${n(x)}" y="${n(y)}">${escape(words)}</text>`;

/** One digit: enough on a screen, and the same bytes on every machine. */
const n = (value: number): string => String(Math.round(value * 10) / 10);

const escape = (words: string): string => words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const STYLE = `<style>
text { font-family: sans-serif; font-size: 12px; text-anchor: middle; fill: #222 }
.title { font-size: 16px; font-weight: bold } .name { font-size: 13px; font-weight: bold } .small { fill: #555 }
.page { fill: #fff } .host { fill: #eef4fb; stroke: #31618f }
.link { stroke: #31618f; stroke-width: 2 } .blocked { stroke: #c0392b; stroke-width: 2; stroke-dasharray: 6 5 }
.mark { fill: #fff; stroke: #c0392b; stroke-width: 2 } .x { fill: #c0392b; font-weight: bold }
</style>`;
