import type { ResolvedNetwork } from "../../model/network.ts";
import { describeReceiver } from "../../net/tunnel.ts";
import type { Dataplane } from "../dataplane.ts";
import { checkOvs } from "./check.ts";
import { compileOvs } from "./compile.ts";
import { datapathOf } from "./datapath.ts";
import { expectedTreeOf } from "./expected-tree.ts";
import { ovsKeyOf, ovsPin, pinOvs, type OvsPin } from "./pin.ts";
import { preflightOvs } from "./preflight.ts";
import { recoverOvs } from "./recover.ts";
import { ovsSchema, type WrittenOvs } from "./schema.ts";
import { resolveOvs, type OvsSpec } from "./spec.ts";
import { ovsUnseen } from "../../kinds/ovs-words.ts";
import { ovsStatus } from "./status.ts";
import { settlingOf } from "./unsettled-ports.ts";

/**
 * Open vSwitch: a bridge of its own per network with one tunnel port per linked host, told apart by key, joined to the
 * Linux bridge by an internal port or a veth pair. Loops are prevented by split horizon, by a spanning tree between the OVS bridges, or
 * by a topology without any.
 */
export const ovs: Dataplane<WrittenOvs, OvsSpec, OvsPin> = {
  type: "ovs",
  schema: ovsSchema,
  pinSchema: ovsPin,
  resolve: resolveOvs,

  traits: (spec) => ({
    label: `ovs ${spec.tunnel}, ${spec.topology.shape}, ${spec.loops}`,
    layer: 2,
    tunnel: { encapsulation: spec.tunnel, hasKey: spec.key !== "none", ...(spec.port === undefined ? {} : { port: spec.port }) },
    key: ovsKeyOf(spec),
    topology: spec.topology,
    addressing: ["slices", "per-host"],
    families: [4, 6],
  }),

  check: checkOvs,
  pin: pinOvs,
  numberOf: (pin) => pin.key,
  recover: recoverOvs,
  compile: compileOvs,
  preflight: preflightOvs,
  receiver: (spec, facts) => describeReceiver(datapathOf(spec, facts), spec.tunnel),
  expectedTree: expectedTreeOf,
  settling: settlingOf,
  unseenBecause: ovsUnseen,
  status: (input) => ovsStatus(input, isOvs(input.network) ? expectedTreeOf(input.network) : undefined),
};

/** While a network changes its plane, what stands is another's than the file's. */
function isOvs(network: ResolvedNetwork): network is ResolvedNetwork<OvsSpec, OvsPin> {
  return network.dataplane.type === "ovs";
}
