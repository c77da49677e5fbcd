import { z } from "zod";
import { chooseNumber, MOST_NUMBER } from "../choose-number.ts";
import type { FixedKey, PinInput } from "../dataplane.ts";
import { formatShape, isSameShape, OVS_SHAPE } from "./shape.ts";
import type { OvsSpec } from "./spec.ts";

export const ovsPin = z.strictObject({
  type: z.literal("ovs"),
  /** Also of a network without one on the wire. */
  key: z.int().min(1).max(MOST_NUMBER),
  /** What its tunnels look like: another shape gets another key, so that old and new can stand side by side. */
  shape: z.string().regex(OVS_SHAPE).exactOptional(),
});
export type OvsPin = z.output<typeof ovsPin>;

export const ovsKeyOf = ({ key }: OvsSpec): FixedKey => ({
  field: "key",
  noun: "key",
  ...(typeof key === "number" ? { number: key } : {}),
});

/** Open vSwitch refuses two tunnels of one key to one remote, so a network whose tunnels become others gets another number. */
export function pinOvs(input: PinInput<OvsSpec>): OvsPin {
  const { network, before, numberBefore } = input;
  const shape = formatShape(network.dataplane);
  const shapeBefore = ovsPin.safeParse(before?.dataplane).data?.shape;
  const isReshaped = shapeBefore !== undefined && !isSameShape(shapeBefore, shape);
  if (isReshaped) checkReshape(input, { from: shapeBefore, to: shape });
  const choice = isReshaped ? { kept: undefined, salt: shape } : { kept: numberBefore };
  return { type: "ovs", key: chooseNumber(input, ovsKeyOf(network.dataplane), choice), shape };
}

/** Old and new stand side by side until the new ones work: that needs two keys. */
function checkReshape({ network, numberBefore, changes, fail }: PinInput<OvsSpec>, { from, to }: { from: string; to: string }): void {
  changes.push(`network ${network.name} changes its tunnels from ${from} to ${to}`);
  const { number } = ovsKeyOf(network.dataplane);
  const staysKeyless = from.startsWith("gre(keyless)") && to.startsWith("gre(keyless)");
  if (number !== numberBefore && !staysKeyless) return;
  fail(["dataplane", "key"], {
    why: `the tunnels of ${network.name} change from ${from} to ${to} while in use: both must stand side by side, which needs two keys`,
    try: staysKeyless ? "leave key out, or write a number" : "change key too, or leave it out",
  });
}
