import { deriveVni } from "./derive-vni.ts";
import { fixedKeyOf } from "../net/fixed-key.ts";
import type { LockedNetwork } from "../model/lock.ts";
import { formatShape, isSameShape } from "./ovs-shape.ts";
import type { PinNetworkInput } from "./pin-network.ts";
import type { Notes } from "./pin-notes.ts";

/**
 * The number that tells a network's packets from others': the user's, the locked one, or a new one. Open vSwitch refuses
 * two tunnels of one key to one remote, so an `ovs` network whose tunnels become others gets another number.
 */
export function pinKey(input: PinNetworkInput, notes: Notes): Pick<LockedNetwork, "vni" | "shape"> {
  const { network, before, uuid, vnis } = input;
  const { field, noun, number } = fixedKeyOf(network.dataplane);
  const owner = number === undefined ? undefined : vnis.get(number);
  if (owner !== undefined && owner !== network.name) {
    notes.fail(["dataplane", field], {
      why: `${noun} ${number} is locked for the network ${owner}`,
      try: `choose another ${noun}, or leave it out`,
    });
  }
  const shape = network.dataplane.type === "ovs" ? formatShape(network.dataplane) : undefined;
  const isReshaped = shape !== undefined && before?.shape !== undefined && !isSameShape(before.shape, shape);
  if (isReshaped) checkReshape(input, { from: before.shape!, to: shape }, notes);
  const kept = isReshaped ? undefined : before?.vni;
  const chosen = number ?? kept ?? deriveVni(uuid, network.name, vnis, isReshaped ? shape : undefined);
  if (before !== undefined && before.vni !== chosen)
    notes.changes.push(`network ${network.name} changes its ${noun} from ${before.vni} to ${chosen}`);
  if (!vnis.has(chosen)) vnis.set(chosen, network.name);
  return { vni: chosen, ...(shape === undefined ? {} : { shape }) };
}

/** Old and new stand side by side until the new ones work: that needs two keys. */
function checkReshape({ network, before }: PinNetworkInput, { from, to }: { from: string; to: string }, notes: Notes): void {
  notes.changes.push(`network ${network.name} changes its tunnels from ${from} to ${to}`);
  const { number } = fixedKeyOf(network.dataplane);
  const staysKeyless = from.startsWith("gre(keyless)") && to.startsWith("gre(keyless)");
  if (number !== before?.vni && !staysKeyless) return;
  notes.fail(["dataplane", "key"], {
    why: `the tunnels of ${network.name} change from ${from} to ${to} while in use: both must stand side by side, which needs two keys`,
    try: staysKeyless ? "leave key out, or write a number" : "change key too, or leave it out",
  });
}
