import { acceptRaKey, HOST_SYSCTLS } from "../../kinds/sysctl-keys.ts";
import type { Problem } from "../../model/problem.ts";
import type { PreflightInput } from "./preflight.ts";

/** Documentation/networking/ip-sysctl, accept_ra: "2: Accept Router Advertisements even if forwarding is enabled". */
const EVEN_WHILE_FORWARDING = "2";
/** "1: Accept Router Advertisements if forwarding is disabled", the default. */
const ONLY_WITHOUT_FORWARDING = "1";

/** A host that forwards IPv6 no longer listens to routers: the default route it has from one would run out. */
export function checkForwarding({ host, snapshot, steps }: Pick<PreflightInput, "host" | "snapshot" | "steps">): Problem[] {
  const switchesOn = steps.some(
    ({ after, before }) =>
      after?.kind === "sysctl" &&
      after.key === HOST_SYSCTLS.ipv6Forward &&
      after.value === "1" &&
      before?.kind === "sysctl" &&
      before.value === "0",
  );
  if (!switchesOn) return [];
  const lost = snapshot.routes.filter(
    ({ destination, protocol, device }) =>
      destination === "default" && protocol === "ra" && snapshot.sysctls[acceptRaKey(device)] === ONLY_WITHOUT_FORWARDING,
  );
  return lost.map(({ device }) => ({
    kind: "refused",
    doing: "preparing",
    what: `setting ${HOST_SYSCTLS.ipv6Forward}`,
    where: host.name,
    why: `its IPv6 default route comes from router advertisements on ${device}, and a host that forwards no longer takes those`,
    try: `set ${acceptRaKey(device)} to ${EVEN_WHILE_FORWARDING} on that host, also in /etc/sysctl.d, and plan again`,
  }));
}
