import { findMark } from "../../model/mark.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { describeReceiver } from "../../net/tunnel.ts";
import { chooseNumber } from "../choose-number.ts";
import type { Dataplane, FixedKey } from "../dataplane.ts";
import { compileVxlan } from "./compile.ts";
import { preflightVxlan } from "./preflight.ts";
import { vxlanPin, vxlanSchema, type VxlanPin, type VxlanSpec, type WrittenVxlan } from "./schema.ts";
import { vxlanStatus } from "./status.ts";

/** The kernel's default (drivers/net/vxlan); 4789, IANA's, is where Docker Swarm and Open vSwitch listen. */
const DEFAULT_PORT = 8472;

/**
 * Kernel VXLAN with unicast peers: one device per network, a head-end replication list of the other hosts, and the
 * hosts' own overlay addresses known in advance. Members' MACs are learned from traffic. Multicast groups were dropped
 * (clouds do not carry them), and so was `external` mode (one device for all networks, but flags per network are gone).
 */
export const vxlan: Dataplane<WrittenVxlan, VxlanSpec, VxlanPin> = {
  type: "vxlan",
  schema: vxlanSchema,
  pinSchema: vxlanPin,

  resolve: ({ port, vni }) => ({ type: "vxlan", peers: "unicast", port: port ?? DEFAULT_PORT, ...(vni === undefined ? {} : { vni }) }),

  traits: (spec) => ({
    label: "vxlan",
    layer: 2,
    tunnel: { encapsulation: "vxlan", hasKey: true, port: spec.port },
    key: keyOf(spec),
    topology: { shape: "mesh" },
    addressing: ["slices", "per-host"],
    families: [4, 6],
  }),

  pin: (input) => ({ type: "vxlan", vni: chooseNumber(input, keyOf(input.network.dataplane), { kept: input.numberBefore }) }),
  numberOf: (pin) => pin.vni,

  recover({ network, uuid, snapshots }) {
    const vni = [...snapshots.values()].map((snapshot) => findVni(snapshot, uuid, network.name)).find((found) => found !== undefined);
    return vni === undefined ? undefined : { type: "vxlan", vni };
  },

  compile: compileVxlan,
  preflight: preflightVxlan,
  receiver: () => describeReceiver("kernel", "vxlan"),
  status: vxlanStatus,
};

const keyOf = ({ vni }: VxlanSpec): FixedKey => ({ field: "vni", noun: "VNI", ...(vni === undefined ? {} : { number: vni }) });

function findVni({ links }: Snapshot, uuid: string, network: string): number | undefined {
  return links.find((link) => {
    const mark = findMark(link.alias);
    return link.vxlan !== undefined && mark?.uuid === uuid && mark.network === network;
  })?.vxlan?.vni;
}
