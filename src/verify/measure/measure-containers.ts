import { UNMEASURED, type Journey } from "./measure-packets.ts";
import type { ContainerTarget, Measurements } from "./measurements.ts";
import type { Session } from "./session.ts";
import type { VerifyTarget } from "./target.ts";

/** Containers of one network asked per host: pairs grow with the square, and what breaks breaks for a host. */
const MAX_PER_HOST = 8;

/** Every ordered pair of running containers of one network, also on one host. */
export function createContainerJourneys(
  target: VerifyTarget,
  session: Session,
  containers: readonly ContainerTarget[],
  seen: Measurements,
): Journey[] {
  return target.networks.flatMap((network) => {
    const chosen = [
      ...Map.groupBy(
        containers.filter((container) => container.network === network.name),
        ({ host }) => host,
      ),
    ].flatMap(([host, here]) => {
      if (!session.isUp(host)) return [];
      if (here.length > MAX_PER_HOST)
        seen.notTested.push(`${network.name} on ${host}: ${here.length - MAX_PER_HOST} of ${here.length} running containers`);
      return here.slice(0, MAX_PER_HOST);
    });
    return chosen.flatMap((from) =>
      chosen
        .filter((to) => to !== from)
        .map((to): Journey => {
          const row = { ...UNMEASURED, network: network.name, from, to, promisedBytes: network.mtuBytes };
          seen.containers.push(row);
          return { host: from.host, place: { at: "container", pid: from.pid }, address: to.address, sizeBytes: network.mtuBytes, row };
        }),
    );
  });
}
