import { createHash } from "node:crypto";

/**
 * A MAC that is the same on every run: locally administered and unicast (IEEE 802-2014, 8.4: bit 1 of the first octet
 * set, bit 0 clear), the other 40 bits from a hash of the parts.
 */
export function deriveMac(...parts: readonly string[]): string {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return `02:${digest.slice(0, 10).match(/../g)!.join(":")}`;
}
