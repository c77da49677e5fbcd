import { createHash } from "node:crypto";

/** RFC 4648, section 6, in lower case. */
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
const HASH_CHARACTERS = 10;

/**
 * Name of a link of ours: "spw", a letter for what it is, 50 bits of a hash over what it is made of. 14 bytes, and the
 * kernel takes 15 (IFNAMSIZ in linux/if.h is 16 with the terminating zero). A link whose immutable attributes change
 * gets another name, so the replacement can stand beside it.
 */
export function linkName(letter: string, ...parts: readonly string[]): string {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest();
  let bits = digest.readBigUInt64BE(0);
  let hash = "";
  for (let i = 0; i < HASH_CHARACTERS; i++) {
    hash += BASE32[Number(bits >> 59n)];
    bits = (bits << 5n) & 0xffff_ffff_ffff_ffffn;
  }
  return `spw${letter}${hash}`;
}
