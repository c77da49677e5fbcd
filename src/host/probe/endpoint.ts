import { writeFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { describeRun, run } from "../../util/run.ts";

export interface EndpointParams {
  cidr: string;
  gateway: string;
}

/**
 * Before eth0 arrives, so that it is born with these (Documentation/networking/ip-sysctl.rst). `accept_local`: a
 * broadcast that comes back to its sender must be counted, not dropped as a martian. The rest: nothing but our own
 * packets on the wire, and no wait for duplicate address detection.
 */
const SYSCTLS: Readonly<Record<string, string>> = {
  "ipv4/conf/all/accept_local": "1",
  "ipv4/conf/all/rp_filter": "0",
  "ipv4/conf/default/rp_filter": "0",
  "ipv6/conf/default/accept_ra": "0",
  "ipv6/conf/default/accept_dad": "0",
  "ipv6/conf/default/router_solicitations": "0",
};

export async function prepareNamespace(): Promise<void> {
  for (const [key, value] of Object.entries(SYSCTLS)) {
    await writeFile(`/proc/sys/net/${key}`, value).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error; // a kernel without IPv6 has no such keys
    });
  }
}

/** Gives eth0 its address and the namespace its default route. */
export async function configureEndpoint({ cidr, gateway }: EndpointParams): Promise<void> {
  const address = isIPv6(gateway) ? `addr add ${cidr} dev eth0 nodad` : `addr add ${cidr} dev eth0`;
  const lines = ["link set lo up", address, "link set eth0 up", `route add default via ${gateway} dev eth0`];
  if (!isIPv6(gateway)) {
    await writeFile("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", "1").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
  const result = await run(["ip", "-batch", "-"], { stdin: `${lines.join("\n")}\n` });
  if (result.exitCode !== 0) throw new Error(describeRun(result));
}
