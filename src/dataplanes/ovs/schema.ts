import { z } from "zod";
import { MOST_NUMBER } from "../choose-number.ts";
import { addFault, hostName } from "../../net/schema-parts.ts";

/** IEEE 802.1D-2004, 9.2.5: the low 12 bits of the priority field are not part of it. ovs-vswitchd.conf.db(5), rstp-priority. */
const RSTP_PRIORITY_STEP = 4096;
const MOST_RSTP_PRIORITY = 61_440;
const MOST_STP_PRIORITY = 65_535;

const link = z
  .array(hostName.meta({ examples: ["vm1"] }))
  .check((context) => {
    if (context.value.length !== 2) addFault(context, [], { why: "a link is a list of two hosts", try: "write something like [vm1, vm2]" });
  })
  .meta({ description: "Two hosts with a tunnel between them.", examples: [["vm1", "vm2"]] });

const nearestSchema = z.strictObject({
  nearest: z
    .int()
    .min(2)
    .max(200)
    .meta({
      description: "An even number: each host is linked to so many others, half of them on either side in the order of the hosts' numbers.",
      examples: [4],
    }),
});

const fields = z.strictObject({
  type: z.literal("ovs").meta({ description: "Open vSwitch: a bridge of its own per network, a tunnel per link.", examples: ["ovs"] }),
  tunnel: z
    .enum(["vxlan", "gre", "geneve"])
    .optional()
    .meta({
      description: "VXLAN (RFC 7348), Ethernet over GRE (RFC 2784; only between IPv4 addresses) or Geneve (RFC 8926).",
      default: "vxlan",
      examples: ["vxlan", "gre", "geneve"],
    }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .meta({
      description: "UDP port, the same on all hosts; 4789 for vxlan and 6081 for geneve when left out; gre has none.",
      examples: [4789],
    }),
  key: z
    .union([z.int().min(1).max(MOST_NUMBER), z.literal("none")])
    .optional()
    .meta({
      description: "Tells networks over the same hosts apart; chosen once and kept in the lock when left out. none: GRE without a key.",
      examples: [4200, "none"],
    }),
  topology: z
    .enum(["mesh", "ring", "star", "links"])
    .optional()
    .meta({
      description:
        "Which hosts have a tunnel between them: all pairs, a ring in the order of the hosts' numbers, all to one, or those of links.",
      default: "mesh",
      examples: ["mesh", "ring"],
    }),
  hub: hostName.optional().meta({
    description:
      "Only with star: the host in the middle; the first by name when left out, so a host with an earlier name would take its place.",
    examples: ["vm1"],
  }),
  links: z
    .union([z.array(link), nearestSchema])
    .optional()
    .meta({
      description: "The links one by one, or the nearest hosts of each; topology is links then.",
      examples: [
        [
          ["vm1", "vm2"],
          ["vm2", "vm3"],
        ],
        { nearest: 4 },
      ],
    }),
  loops: z
    .enum(["split-horizon", "rstp", "stp", "none"])
    .optional()
    .meta({
      description:
        "What keeps frames from going round: no forwarding between tunnels (mesh only), a spanning tree, or nothing in a topology without a cycle. " +
        "When left out: split-horizon for mesh, rstp for ring and nearest, none for star, and for links none if they are a tree, else rstp.",
      examples: ["split-horizon", "rstp"],
    }),
  priorities: z
    .record(hostName, z.int().min(0).max(MOST_STP_PRIORITY))
    .optional()
    .meta({
      description:
        "Only with rstp and stp: bridge priorities; the lowest becomes the root, and hosts that are not named have 32768. When none is written, the first two hosts by number stand out as root and its deputy. rstp takes steps of 4096 up to 61440.",
      examples: [{ vm1: 4096 }],
    }),
  join: z
    .enum(["internal", "veth"])
    .optional()
    .meta({
      description: "How the Open vSwitch bridge meets the one that containers are on: by an internal port (faster) or a veth pair.",
      default: "internal",
      examples: ["internal", "veth"],
    }),
  datapath: z
    .enum(["kernel", "userspace"])
    .optional()
    .meta({
      description: "userspace only where the hosts' underlay addresses are on Open vSwitch bridges of datapath type netdev already.",
      default: "kernel",
      examples: ["kernel", "userspace"],
    }),
});

export const ovsSchema = fields
  .check((context) => {
    checkTunnel(context);
    checkTopology(context);
    checkPriorities(context);
  })
  .meta({ description: "Open vSwitch, in full.", examples: [{ type: "ovs", tunnel: "gre", topology: "ring" }] });

export type WrittenOvs = z.output<typeof fields>;

type Context = z.core.ParsePayload<WrittenOvs>;

function checkTunnel(context: Context): void {
  const { tunnel = "vxlan", port, key } = context.value;
  if (tunnel === "gre" && port !== undefined) {
    addFault(context, ["port"], { why: "GRE is an IP protocol of its own and has no port (RFC 2784)", try: "remove it" });
  }
  if (tunnel !== "gre" && key === "none") {
    const why = `every ${tunnel} header carries a key (VNI)`;
    addFault(context, ["key"], { why, try: "leave it out, write a number, or write tunnel: gre" });
  }
}

function checkTopology(context: Context): void {
  const { topology, hub, links } = context.value;
  if (hub !== undefined && topology !== "star") {
    addFault(context, ["hub"], { why: "only a star has a hub", try: "remove it, or write topology: star" });
  }
  if (links === undefined) {
    if (topology !== "links") return;
    addFault(context, ["topology"], { why: "it needs links", try: "add links: [[vm1, vm2]] or links: { nearest: 4 }" });
    return;
  }
  if (topology !== undefined && topology !== "links") {
    addFault(context, ["links"], { why: `a ${topology} makes its links itself`, try: "remove links, or write topology: links" });
  }
  if ("nearest" in links && links.nearest > 1 && links.nearest % 2 !== 0) {
    const why = `${links.nearest} is odd, and half of the links go to either side`;
    addFault(context, ["links", "nearest"], { why, try: `write ${links.nearest + 1}` });
  }
  if (Array.isArray(links) && links.length === 0) {
    addFault(context, ["links"], { why: "there are no links", try: "write something like [[vm1, vm2]], or leave links and topology out" });
  }
}

function checkPriorities(context: Context): void {
  const { loops, priorities = {}, topology, links } = context.value;
  // a ring and links may run rstp by default; whether these do is known when the links are
  const mayHaveTree = loops === "rstp" || loops === "stp" || (loops === undefined && (topology === "ring" || links !== undefined));
  if (Object.keys(priorities).length > 0 && !mayHaveTree) {
    addFault(context, ["priorities"], {
      why: "bridge priorities choose the root of a spanning tree, and there is none",
      try: "remove them, or write loops: rstp",
    });
    return;
  }
  if (loops === "stp") return;
  for (const [host, priority] of Object.entries(priorities)) {
    const isSchemas = priority < 0 || priority > MOST_STP_PRIORITY;
    if (isSchemas || (priority % RSTP_PRIORITY_STEP === 0 && priority <= MOST_RSTP_PRIORITY)) continue;
    const near = Math.min(Math.round(priority / RSTP_PRIORITY_STEP) * RSTP_PRIORITY_STEP, MOST_RSTP_PRIORITY);
    const why = `${priority} is not one of 0, 4096, 8192, ... 61440 (IEEE 802.1D-2004, 9.2.5)`;
    addFault(context, ["priorities", host], { why, try: `write ${near}, or loops: stp` });
  }
}
