import { z } from "zod";
import { MOST_MTU_BYTES } from "../../net/mtu.ts";
import { ATTACHMENTS } from "../../attach/index.ts";
import { DATAPLANES } from "../../dataplanes/index.ts";
import { CONTAINER_NAME, CONTAINER_NAME_RULE, SSH_DESTINATION, SSH_DESTINATION_RULE } from "../../net/legal-names.ts";
import { addFault, address, hostName, labelName, named, prefix } from "../../net/schema-parts.ts";
/**
 * The file a user writes, as it is written: short forms stay short, defaults are filled in by resolve-cluster.ts. The
 * descriptions and examples become the JSON Schema that editors show.
 */
const hostSchema = z
  .strictObject({
    address: address.meta({ description: "Underlay address: tunnels start and end here.", examples: ["192.168.122.81"] }),
    ssh: z
      .string()
      .regex(SSH_DESTINATION, { error: `an ssh destination is ${SSH_DESTINATION_RULE}` })
      .optional()
      .meta({ description: "Where OpenSSH reaches the host; the address when left out.", examples: ["root@vm1", "ssh://admin@vm1:2222"] }),
  })
  .meta({ description: "A machine with Docker on it.", examples: [{ address: "192.168.122.81" }] });

const planes = [...DATAPLANES.values()];
const longDataplane = z.discriminatedUnion("type", planes.map((plane) => plane.schema) as [z.ZodObject<{ type: z.ZodLiteral<string> }>]);
const dataplaneSchema = z
  .union([z.enum(planes.map((plane) => plane.type)), longDataplane])
  .meta({ description: "How packets travel between hosts.", default: "vxlan", examples: ["vxlan", "ovs", { type: "vxlan", port: 4789 }] });

const addressingSchema = z
  .strictObject({
    mode: z
      .enum(["slices", "per-host"])
      .optional()
      .meta({
        description:
          "slices: one subnet, a range of it for each host. per-host: each host's slice is a subnet of its own, routed by the hosts.",
        default: "slices",
        examples: ["slices", "per-host"],
      }),
    overlay: prefix.optional().meta({
      description: "Only with per-host: where the hosts' own overlay addresses come from; the start of the subnet when left out.",
      examples: ["10.64.0.0/24"],
    }),
    slicePrefix: z
      .int()
      .min(1)
      .max(128)
      .optional()
      .meta({ description: "Prefix length of a host's slice; chosen from the number of hosts when left out.", examples: [24] }),
    hosts: z
      .record(hostName, prefix)
      .optional()
      .meta({ description: "Slices that are pinned: host name to prefix.", examples: [{ vm1: "10.64.16.0/20" }] }),
  })
  .check((context) => {
    if (context.value.overlay === undefined || context.value.mode === "per-host") return;
    const why = "overlay addresses of their own are for per-host addressing; with slices the gateways are the hosts' addresses";
    addFault(context, ["overlay"], { why, try: "remove it, or write mode: per-host" });
  })
  .meta({ description: "Who gets which addresses.", examples: [{ slicePrefix: 24 }] });

const egressSchema = z
  .union([
    z.enum(["masquerade", "none"]),
    z.strictObject({
      mode: z
        .enum(["masquerade", "none"])
        .optional()
        .meta({
          description: "masquerade: members reach the outside with their host's address.",
          default: "masquerade",
          examples: ["masquerade", "none"],
        }),
      check: address.optional().meta({
        description: "What `verify` pings to see the outside; the host's default gateway when left out.",
        examples: ["192.168.122.1"],
      }),
    }),
  ])
  .meta({
    description: "Whether members reach addresses outside the cluster.",
    default: "masquerade",
    examples: ["masquerade", "none", { check: "192.168.122.1" }],
  });

const mtuBytes = z.int().min(576).max(MOST_MTU_BYTES);
const mtuSchema = z
  .union([
    mtuBytes,
    z.strictObject({
      bytes: mtuBytes.optional().meta({ description: "Exact MTU.", examples: [1400] }),
      reserve: z
        .enum(["vxlan", "gre", "geneve", "wireguard"])
        .optional()
        .meta({ description: "Leave room for a later change to this encapsulation.", examples: ["wireguard"] }),
    }),
  ])
  .meta({
    description: "Largest packet inside the network; computed from the underlay when left out.",
    examples: [1450, { reserve: "wireguard" }],
  });

const attachments = [...ATTACHMENTS.values()].map((attachment) => attachment.schema);
const dockerSchema = z.union(attachments.toReversed()).meta({
  description: "The Docker network that containers join; one with the network's own name when left out.",
  examples: [{ network: "apps" }, "none"],
});

const networkSchema = z
  .strictObject({
    subnet: prefix.meta({
      description: "The network's addresses, on all hosts together. Private ranges only.",
      examples: ["10.64.0.0/12", "fd00:64::/64"],
    }),
    dataplane: dataplaneSchema.optional(),
    addressing: addressingSchema.optional(),
    egress: egressSchema.optional(),
    mtu: mtuSchema.optional(),
    docker: dockerSchema.optional(),
    ip: z
      .record(named(CONTAINER_NAME, CONTAINER_NAME_RULE), address.meta({ examples: ["10.64.16.10"] }))
      .optional()
      .meta({
        description: "Addresses kept for containers that ask for one (`docker run --ip`, Compose `ipv4_address`): a name to an address.",
        examples: [{ db: "10.64.16.10" }],
      }),
  })
  .meta({ description: "One container network across all hosts.", examples: [{ subnet: "10.64.0.0/12", dataplane: "vxlan" }] });

export const specSchema = z
  .strictObject({
    version: z.literal(1).meta({ description: "Version of this file format.", examples: [1] }),
    cluster: labelName.meta({ description: "The cluster's name, part of the mark on everything Spanwire creates.", examples: ["prod"] }),
    hosts: z
      .record(hostName, hostSchema)
      .meta({ description: "The machines, by name.", examples: [{ vm1: { address: "192.168.122.81" } }] }),
    networks: z
      .record(labelName, networkSchema)
      .meta({ description: "The networks, by name.", examples: [{ apps: { subnet: "10.64.0.0/12" } }] }),
  })
  .meta({ title: "Spanwire cluster", description: "A cluster of Docker hosts and the networks across them." });

export type Spec = z.output<typeof specSchema>;
export type SpecNetwork = Spec["networks"][string];
