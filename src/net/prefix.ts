import { Address4, Address6 } from "ip-address";
import { SpanwireError, type Problem } from "../model/problem.ts";

/**
 * Prefixes and addresses as text, over one BigInt model for both families. Text is canonical (RFC 5952 for IPv6) once
 * it has passed parsePrefix or parseAddress; every other function here expects such text and gives it back.
 */
export type Family = 4 | 6;

interface PrefixBits {
  family: Family;
  /** The address as written, host bits included. */
  value: bigint;
  length: number;
}

/** What is wrong with a text, and what to write instead. */
export interface AddressFault {
  why: string;
  try: string;
}

const BITS: Record<Family, number> = { 4: 32, 6: 128 };

const OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
/** Dotted quad without leading zeroes: those are octal to some parsers and decimal to others (CVE-2021-28918). */
const DOTTED_QUAD = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}$`);

export function familyOf(text: string): Family {
  return text.includes(":") ? 6 : 4;
}

export function addressBits(family: Family): number {
  return BITS[family];
}

export function prefixLength(prefix: string): number {
  return readBits(prefix).length;
}

/** Canonical text of an address without a prefix length. Throws SpanwireError. */
export function parseAddress(text: string): string {
  throwFault(findAddressFault(text), "address", text);
  return formatAddress(readBits(text).value, familyOf(text));
}

/** Canonical text of a prefix without host bits. Throws SpanwireError. */
export function parsePrefix(text: string): string {
  throwFault(findPrefixFault(text), "prefix", text);
  return networkOf(text);
}

/** Undefined when `text` is a plain address: no zone, no IPv4 inside IPv6, no short or octal or hex forms. */
export function findAddressFault(text: string): AddressFault | undefined {
  const isV6 = familyOf(text) === 6;
  const example = isV6 ? "write it like fd00:10::1" : "write four decimal numbers, like 10.0.0.1";
  if (text.includes("%")) return { why: "an address with a zone means something else on every host", try: "leave the zone out" };
  if (text.includes("/")) return { why: "an address has no prefix length", try: `write ${text.slice(0, text.indexOf("/"))}` };
  if (isV6 && text.includes(".")) {
    return { why: "IPv4 inside IPv6 has two spellings for one host", try: "write the IPv4 address alone, or plain IPv6" };
  }
  const valid = isV6 ? Address6.isValid(text) : DOTTED_QUAD.test(text);
  if (!valid) return { why: `${JSON.stringify(text)} is not an ${isV6 ? "IPv6" : "IPv4"} address`, try: example };
  const value = readBits(text).value;
  if (isV6 && value >> 32n === 0xffffn) {
    return { why: "an IPv4-mapped address names an IPv4 host a second time", try: `write ${formatAddress(value & 0xffff_ffffn, 4)}` };
  }
  return undefined;
}

/** Undefined when `text` is a prefix without host bits, "10.64.0.0/12". */
export function findPrefixFault(text: string): AddressFault | undefined {
  const slash = text.indexOf("/");
  const address = slash === -1 ? text : text.slice(0, slash);
  const fault = findAddressFault(address);
  if (fault !== undefined) return fault;
  const bits = BITS[familyOf(text)];
  if (slash === -1) return { why: "the prefix length is missing", try: `write ${address}/${bits === 32 ? 24 : 64}` };
  const length = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > bits) {
    return { why: `"/${length}" is not a prefix length of 0 to ${bits}`, try: `write ${address}/${bits === 32 ? 24 : 64}` };
  }
  const network = networkOf(text);
  const first = firstAddress(network);
  if (readBits(address).value !== readBits(first).value) {
    return { why: `host bits are set: ${address} lies inside ${network}`, try: `write ${network}` };
  }
  return undefined;
}

/** "10.0.0.5/24" gives "10.0.0.0/24". */
export function networkOf(text: string): string {
  const { family, value, length } = readBits(text);
  return `${formatAddress(clearHostBits(value, family, length), family)}/${length}`;
}

/** Whether every address of `inner` (a prefix or one address) lies in `outer`. */
export function containsPrefix(outer: string, inner: string): boolean {
  if (familyOf(outer) !== familyOf(inner)) return false;
  const a = readBits(outer);
  const b = readBits(inner);
  if (a.length > b.length) return false;
  const shift = BigInt(BITS[a.family] - a.length);
  return a.value >> shift === b.value >> shift;
}

export function overlapsPrefix(a: string, b: string): boolean {
  return containsPrefix(a, b) || containsPrefix(b, a);
}

/** The `index`-th prefix of `length` bits inside `prefix`, from 0. */
export function subprefix(prefix: string, length: number, index: number | bigint): string {
  const { family, value, length: outer } = readBits(prefix);
  const count = 1n << BigInt(Math.max(length - outer, 0));
  if (length < outer || length > BITS[family] || BigInt(index) < 0n || BigInt(index) >= count) {
    throw new RangeError(`no /${length} number ${index} in ${prefix}`);
  }
  const base = clearHostBits(value, family, outer) + (BigInt(index) << BigInt(BITS[family] - length));
  return `${formatAddress(base, family)}/${length}`;
}

/** The address `offset` places after the first one of `prefix`; negative counts back from one past the last. */
export function addressAt(prefix: string, offset: bigint): string {
  const { family, value, length } = readBits(prefix);
  const size = 1n << BigInt(BITS[family] - length);
  const place = offset < 0n ? size + offset : offset;
  if (place < 0n || place >= size) throw new RangeError(`${prefix} has no address number ${offset}`);
  return formatAddress(clearHostBits(value, family, length) + place, family);
}

/** How far `address` is from the first address of `prefix`. */
export function offsetIn(prefix: string, address: string): bigint {
  const { family, value, length } = readBits(prefix);
  return readBits(address).value - clearHostBits(value, family, length);
}

export function firstAddress(prefix: string): string {
  return addressAt(prefix, 0n);
}

export function lastAddress(prefix: string): string {
  return addressAt(prefix, -1n);
}

export function prefixSize(prefix: string): bigint {
  const { family, length } = readBits(prefix);
  return 1n << BigInt(BITS[family] - length);
}

function clearHostBits(value: bigint, family: Family, length: number): bigint {
  const shift = BigInt(BITS[family] - length);
  return (value >> shift) << shift;
}

/** Text already checked, or canonical: an address counts as a prefix of full length. */
function readBits(text: string): PrefixBits {
  const slash = text.indexOf("/");
  const family = familyOf(text);
  const length = slash === -1 ? BITS[family] : Number(text.slice(slash + 1));
  const address = slash === -1 ? text : text.slice(0, slash);
  if (!Number.isInteger(length) || length < 0 || length > BITS[family]) throw new RangeError(`not a prefix: ${text}`);
  return { family, length, value: family === 4 ? readIpv4(address) : new Address6(address).bigInt() };
}

/** Arithmetic instead of the library: 10,000 hosts read their addresses many times over. */
function readIpv4(address: string): bigint {
  const match = DOTTED_QUAD.exec(address);
  if (match === null) return new Address4(address).bigInt();
  return BigInt(((Number(match[1]) * 256 + Number(match[2])) * 256 + Number(match[3])) * 256 + Number(match[4]));
}

function formatAddress(value: bigint, family: Family): string {
  if (family === 6) return Address6.fromBigInt(value).correctForm();
  const n = Number(value);
  return `${Math.floor(n / 0x1000000)}.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}

function throwFault(fault: AddressFault | undefined, noun: string, text: string): void {
  if (fault === undefined) return;
  const problem: Problem = { kind: "input", doing: `reading the ${noun}`, what: text, where: "", ...fault };
  throw new SpanwireError(problem);
}
