import type { Dataplane } from "../model/cluster.ts";

/** What the user wrote to tell a network from others over the same hosts. One set of numbers for all data planes. */
export interface FixedKey {
  field: "vni" | "key";
  /** In messages. */
  noun: "VNI" | "key";
  number?: number;
}

export function fixedKeyOf(dataplane: Dataplane): FixedKey {
  if (dataplane.type === "vxlan") return { field: "vni", noun: "VNI", ...(dataplane.vni === undefined ? {} : { number: dataplane.vni }) };
  return { field: "key", noun: "key", ...(typeof dataplane.key === "number" ? { number: dataplane.key } : {}) };
}
