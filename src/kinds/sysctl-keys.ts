/** Settings of one of our own devices (kernel Documentation/networking/ip-sysctl). They go away with the device. */
export const DEVICE_SYSCTLS = {
  /** Answer ARP only for addresses of the device it came in on: a network must not see another network's gateway. */
  arpIgnore: (device: string): string => `net.ipv4.conf.${device}.arp_ignore`,
} as const;

/** Settings of the whole host that we may need; their former value is kept and given back. */
export const HOST_SYSCTLS = {
  ipForward: "net.ipv4.ip_forward",
  ipv6Forward: "net.ipv6.conf.all.forwarding",
} as const;

/** Lets a host pass packets of that family between its devices. */
export const forwardingKey = (family: 4 | 6): string => (family === 4 ? HOST_SYSCTLS.ipForward : HOST_SYSCTLS.ipv6Forward);

/** Whether a device takes its default route from router advertisements: 1 means only while the host does not forward. */
export const acceptRaKey = (device: string): string => `net.ipv6.conf.${device}.accept_ra`;

/** Read for the record and for advice only, never written. */
const FACT_SYSCTLS = {
  bridgeNfCallIptables: "net.bridge.bridge-nf-call-iptables",
} as const;

const OUR_LINK = /\bspw[a-z][a-z2-7]{10}\b/;

/** What a host may be asked to write: a key of one of our own devices, or one of the host's that we may need. */
export function isOurSysctl(key: string): boolean {
  const device = OUR_LINK.exec(key)?.[0];
  if (device === undefined) return (Object.values(HOST_SYSCTLS) as string[]).includes(key);
  return Object.values(DEVICE_SYSCTLS).some((toKey) => toKey(device) === key);
}

/** Every key a snapshot holds, given the names of our devices. */
export function sysctlKeys(devices: readonly string[]): string[] {
  return [
    ...Object.values(HOST_SYSCTLS),
    ...Object.values(FACT_SYSCTLS),
    ...devices.flatMap((device) => Object.values(DEVICE_SYSCTLS).map((key) => key(device))),
  ];
}
