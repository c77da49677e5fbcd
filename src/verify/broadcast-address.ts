import { isIPv6 } from "node:net";

/** Where one packet reaches every endpoint of the segment: RFC 919 for IPv4, all-nodes (RFC 4291, 2.7.1) for IPv6. */
export function findBroadcastAddress(cidr: string): string {
  const [address = "", length = ""] = cidr.split("/");
  if (isIPv6(address)) return "ff02::1";
  const value = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(length));
  const last = Math.floor(value / size) * size + size - 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join(".");
}
