import type { DataplaneSpec } from "../model/cluster.ts";
import type { FixedKey, PinInput } from "./dataplane.ts";
import { deriveVni } from "./derive-vni.ts";

/** 24 bits: VXLAN network identifier (RFC 7348), Geneve VNI (RFC 8926); a GRE key (RFC 2890) has room for more. */
export const MOST_NUMBER = 0xff_ffff;

/**
 * The number that tells a network's packets from others': the user's, `kept`, or a new one, the same on every machine. `salt`
 * is for a network that has a number already and needs another.
 */
export function chooseNumber(
  { network, numberBefore, uuid, numbers, changes, fail }: PinInput<DataplaneSpec>,
  { field, noun, number }: FixedKey,
  { kept, salt }: { kept: number | undefined; salt?: string | undefined },
): number {
  const owner = number === undefined ? undefined : numbers.get(number);
  if (owner !== undefined && owner !== network.name) {
    fail(["dataplane", field], {
      why: `${noun} ${number} is locked for the network ${owner}`,
      try: `choose another ${noun}, or leave it out`,
    });
  }
  const chosen = number ?? kept ?? deriveVni(uuid, network.name, numbers, salt);
  if (numberBefore !== undefined && numberBefore !== chosen)
    changes.push(`network ${network.name} changes its ${noun} from ${numberBefore} to ${chosen}`);
  if (!numbers.has(chosen)) numbers.set(chosen, network.name);
  return chosen;
}
