import { z } from "zod";
import { findAddressFault, findPrefixFault } from "../../net/prefix.ts";
import { keyOf } from "../../kinds/index.ts";
import { findOwnFile, isOwnContent } from "../../kinds/own-files.ts";
import type { Resource } from "../../model/resource.ts";
import { STAGES } from "../../model/step.ts";

/**
 * Steps are checked again where they run: names that are ours, addresses that are addresses, no text that a batch file
 * could read as more than one word. Whoever speaks to a host program gets no further than our own objects.
 */
const ourLink = z.string().regex(/^spw[a-z][a-z2-7]{10}$/);
const anyLink = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/);
/** As Docker names the host's side of a container's veth pair: nobody's uplink is put into a bridge. */
const containerLink = z.string().regex(/^veth[a-zA-Z0-9]{1,11}$/);
const mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
const address = z.string().refine((text) => findAddressFault(text) === undefined, "not an address");
const cidr = z.string().regex(/^[0-9a-f.:]+\/\d{1,3}$/);
const prefix = z.string().refine((text) => findPrefixFault(text) === undefined, "not a prefix");
const mtuBytes = z.int().min(68).max(65535);
const mark = z
  .string()
  .regex(/^[a-zA-Z0-9=,./:_-]*$/)
  .max(255);
const word = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/);
const tableName = z.string().regex(/^spanwire_[0-9a-f]{32}$/);

const nftRule = z.strictObject({
  id: z.string().regex(/^[a-z]*-?[0-9a-f]*$/),
  // the rules we write and nothing that could end one and start another: braces only around a list of words.
  // Empty in an observed rule.
  text: z.string().regex(/^((ip6?|iifname|oifname|fib) ([a-z0-9 .:/!=<>&@"_-]|\{ [a-z0-9 "_-]+(, [a-z0-9 "_-]+)* \})*)?$/),
});
const nftTable = z.strictObject({
  kind: z.literal("nft-table"),
  name: tableName,
  sets: z.array(
    z.strictObject({
      name: word,
      type: z.enum(["ipv4_addr", "ipv6_addr"]),
      interval: z.boolean(),
      elements: z.array(z.string().regex(/^[0-9a-f.:/]+$/)),
    }),
  ),
  chains: z.array(
    z.strictObject({
      name: word,
      type: z.enum(["filter", "nat"]),
      hook: z.enum(["prerouting", "input", "forward", "output", "postrouting"]),
      priority: z.int().min(-1000).max(1000),
      rules: z.array(nftRule),
    }),
  ),
});

/** A table as found: what others put into it is only ever written back as its listing, by the host that took it. */
const observedTable = z.strictObject({
  kind: z.literal("nft-table"),
  name: tableName,
  listing: z.string().max(4_000_000),
  sets: z.array(z.strictObject({ name: z.string(), type: z.string(), interval: z.boolean(), elements: z.array(z.string()) })),
  chains: z.array(
    z.strictObject({
      name: z.string(),
      type: z.string(),
      hook: z.string(),
      priority: z.int(),
      rules: z.array(z.strictObject({ id: z.string(), text: z.literal("") })),
    }),
  ),
});

const neighbourEntry = z.strictObject({
  address: z.union([address, z.literal("")]),
  mac,
  vtep: z.union([address, z.literal("")]),
  parts: z.array(z.enum(["neighbour", "tunnel-fdb", "bridge-fdb"])).optional(),
});

const mac0 = z.union([mac, z.literal("")]);
const vethEnds = z.array(z.string().regex(/^spw[yw][a-z2-7]{10}$/)).max(2);
const ovsResources = [
  z.strictObject({
    ...{ kind: z.literal("ovs-bridge"), name: ourLink, datapath: z.enum(["system", "netdev"]), mac: mac0 },
    ...{ spanningTree: z.enum(["none", "rstp", "stp"]), priority: z.int().min(0).max(65_535) },
    ...{ failMode: z.enum(["standalone", "secure", ""]), mark },
  }),
  z.strictObject({
    ...{ kind: z.literal("ovs-tunnel"), name: ourLink, bridge: ourLink, tunnel: z.enum(["vxlan", "gre", "geneve"]) },
    ...{ local: z.union([address, z.literal("")]), remote: z.union([address, z.literal("")]) },
    ...{ key: z.string().regex(/^\d{0,8}$/), port: z.string().regex(/^\d{0,5}$/), protected: z.boolean(), bfd: z.boolean(), mark },
    error: z.string().max(1024),
  }),
  z.strictObject({
    ...{ kind: z.literal("ovs-join"), name: ourLink, ovsBridge: ourLink, bridge: z.union([ourLink, z.literal("")]), mac: mac0 },
    ...{ mtuBytes: z.int().min(0).max(65_535), flooding: z.boolean(), isolated: z.boolean(), up: z.boolean(), mark },
    error: z.string().max(1024),
  }),
  z.strictObject({
    ...{ kind: z.literal("ovs-veth"), name: z.string().regex(/^spwy[a-z2-7]{10}$/), devices: vethEnds },
    ...{ ovsBridge: z.union([ourLink, z.literal("")]), bridge: z.union([ourLink, z.literal("")]), mac: mac0 },
    ...{ mtuBytes: z.int().min(0).max(65_535), peerMtuBytes: z.int().min(0).max(65_535), checksumOffload: vethEnds },
    ...{ spanningTrees: z.array(z.enum(["stp", "rstp"])).max(2), flooding: z.boolean(), isolated: z.boolean(), up: vethEnds, mark },
  }),
] as const;

/** What we wish for. */
const wanted = z.discriminatedUnion("kind", [
  nftTable,
  z.strictObject({
    kind: z.literal("bridge"),
    name: ourLink,
    mac,
    mtuBytes,
    up: z.boolean(),
    stp: z.boolean(),
    mcastSnooping: z.boolean(),
    mark,
  }),
  z.strictObject({ kind: z.literal("address"), device: ourLink, cidr }),
  z.strictObject({
    ...{ kind: z.literal("vxlan"), name: ourLink, bridge: z.union([ourLink, z.literal("")]), vni: z.int().min(0).max(16_777_215) },
    ...{
      port: z.int().min(1).max(65535),
      local: z.union([address, z.literal("")]),
      mac,
      mtuBytes,
      df: z.enum(["set", "unset", "inherit"]),
    },
    ...{
      ttl: z.int().min(0).max(255),
      learning: z.boolean(),
      flooding: z.boolean(),
      isolated: z.boolean(),
      neighSuppress: z.boolean(),
      up: z.boolean(),
      mark,
    },
  }),
  z.strictObject({ kind: z.literal("route"), device: ourLink, destination: prefix, via: address }),
  ...ovsResources,
  z.strictObject({ kind: z.literal("flood-list"), device: ourLink, remotes: z.array(address).max(10_000) }),
  z.strictObject({
    kind: z.literal("neighbours"),
    bridge: z.union([ourLink, z.literal("")]),
    device: ourLink,
    entries: z.array(neighbourEntry).max(20_000),
  }),
  z.strictObject({
    ...{
      kind: z.literal("sysctl"),
      key: z.union([z.literal("net.ipv4.ip_forward"), z.string().regex(/^net\.ipv4\.conf\.spw[a-z][a-z2-7]{10}\.arp_ignore$/)]),
    },
    ...{
      value: z.string().regex(/^\d{1,3}$/),
      device: ourLink.optional(),
      former: z
        .string()
        .regex(/^\d{1,3}$/)
        .optional(),
    },
  }),
  z.strictObject({
    ...{
      kind: z.literal("docker-network"),
      name: word,
      bridge: z.union([anyLink, z.literal("")]),
      subnet: prefix,
      ipRange: z.union([prefix, z.literal("")]),
    },
    ...{
      gateway: z.union([address, z.literal("")]),
      mtuBytes: z.int().min(0).max(65535),
      masquerade: z.boolean(),
      labels: z.record(z.string().max(256), z.string().max(4096)),
    },
  }),
  z
    .strictObject({ kind: z.literal("file"), path: z.string().max(256), content: z.string().max(4096) })
    .refine(({ path, content }) => (content === "" ? findOwnFile(path) !== undefined : isOwnContent(path, content)), "not a file of ours"),
  z.strictObject({
    kind: z.literal("bridge-port"),
    device: containerLink,
    bridge: z.union([anyLink, z.literal("")]),
    container: z.string().max(256),
  }),
]);

const resource = wanted as unknown as z.ZodType<Resource>;
const observed = z.union([wanted, observedTable]) as unknown as z.ZodType<Resource>;

const OUR_LINK = /^spw[a-z][a-z2-7]{10}$/;

/** What may be on a host, as found, is more than what we make. */
function findUnwanted(after: Resource | null): string | undefined {
  if (after === null) return undefined;
  const hangsOn = after.kind === "docker-network" || after.kind === "bridge-port" ? after.bridge : undefined;
  return hangsOn === undefined || OUR_LINK.test(hangsOn) ? undefined : "members get onto our bridges only";
}

const anyStep = z.object({
  id: z.string().regex(/^(add|switch|remove)\/\d+$/),
  stage: z.enum(STAGES),
  action: z.enum(["add", "change", "replace", "remove"]),
  key: z.string().max(512),
  label: z.string().max(512),
  before: observed.nullable(),
  after: resource.nullable(),
  wanted: resource.optional(),
  differences: z.array(
    z.strictObject({ field: z.string(), from: z.string(), to: z.string(), reason: z.string(), needs: z.enum(["change", "replace"]) }),
  ),
  impact: z.string(),
});

/** The key is what a transaction looks up: it must be that of what the step changes. */
export const stepSchema = anyStep.superRefine((step, context) => {
  const fail = (message: string): unknown => context.issues.push({ code: "custom", message, input: step, path: ["key"] });
  const ends = [step.before, step.after, step.wanted].filter((end) => end !== null && end !== undefined);
  if (step.before === null && step.after === null) fail("a step has something before or after it");
  if (ends.some((end) => keyOf(end) !== step.key)) fail("the key is not that of the resource");
  if (!step.id.startsWith(`${step.stage}/`)) fail("the id is of another stage");
  const unwanted = findUnwanted(step.after) ?? findUnwanted(step.wanted ?? null);
  if (unwanted !== undefined) fail(unwanted);
});

/** B48: an hour is enough for a person who tries a change. */
const MAX_CONFIRM_WITHIN_MS = 3_600_000;

export const beginParams = z.strictObject({
  planId: z.string().regex(/^[0-9a-f]{16}$/),
  clusterUuid: z.uuid(),
  address,
  basis: z.string().regex(/^[0-9a-f]{64}$/),
  operator: z.string().max(256),
  steps: z.array(stepSchema).max(100_000),
  confirmWithinMs: z.int().min(500).max(MAX_CONFIRM_WITHIN_MS).optional(),
  repair: z.boolean().optional(),
});

export const stageParams = z.strictObject({ planId: z.string().regex(/^[0-9a-f]{16}$/), stage: z.enum(STAGES) });
export const planParams = z.strictObject({ planId: z.string().regex(/^[0-9a-f]{16}$/) });
/** The plan's hosts by their names in the file (src/net/legal-names.ts); as many as one may have peers, and itself. */
export const offerParams = planParams.extend({
  hosts: z
    .array(z.string().regex(/^[a-z0-9-]{1,63}$/))
    .min(1)
    .max(10_001),
});
