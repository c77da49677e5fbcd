/** Settings of one of our own devices (kernel Documentation/networking/ip-sysctl). They go away with the device. */
export const DEVICE_SYSCTLS = {
  /** Answer ARP only for addresses of the device it came in on: a network must not see another network's gateway. */
  arpIgnore: (device: string): string => `net.ipv4.conf.${device}.arp_ignore`,
} as const;

/** Settings of the whole host that we may need; their former value is kept and given back. */
export const HOST_SYSCTLS = {
  ipForward: "net.ipv4.ip_forward",
} as const;

/** Read for the record and for advice only, never written. */
const FACT_SYSCTLS = {
  bridgeNfCallIptables: "net.bridge.bridge-nf-call-iptables",
} as const;

/** Every key a snapshot holds, given the names of our devices. */
export function sysctlKeys(devices: readonly string[]): string[] {
  return [
    ...Object.values(HOST_SYSCTLS),
    ...Object.values(FACT_SYSCTLS),
    ...devices.flatMap((device) => Object.values(DEVICE_SYSCTLS).map((key) => key(device))),
  ];
}
