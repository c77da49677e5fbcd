import type { ManagementPath } from "../../model/snapshot.ts";
import { run } from "../../util/run.ts";

/** Both ends of the connection over which this host is managed. A link-local address has its zone (RFC 4007, 11). */
export interface ManagementEnds {
  peer: string;
  /** This host's own address there; absent when nobody says. */
  local?: string;
}

/** How this host answers whoever manages it, as the kernel would route it now; undefined when it has no way there. */
export async function findManagementPath(ends: ManagementEnds): Promise<ManagementPath | undefined> {
  const { address: peer } = splitZone(ends.peer);
  const result = await run(routeQuery(ends));
  if (result.exitCode !== 0) return undefined;
  const [route] = JSON.parse(result.stdout) as { dev?: string; gateway?: string; prefsrc?: string }[];
  if (route?.dev === undefined) return undefined;
  return {
    peer,
    device: route.dev,
    source: route.prefsrc ?? splitZone(ends.local ?? "").address,
    ...(route.gateway === undefined ? {} : { gateway: route.gateway }),
  };
}

/** With the answer's source, as rules for it may lead elsewhere (ip-rule(8)); ip-route(8) takes a zone as a device only. */
export function routeQuery({ peer, local }: ManagementEnds): [string, ...string[]] {
  const { address, zone } = splitZone(peer);
  const source = local === undefined ? [] : ["from", splitZone(local).address];
  return ["ip", "-j", "-d", "route", "get", address, ...source, ...(zone === undefined ? [] : ["oif", zone])];
}

/** From the same source; where the target has a zone, that says which device. */
export function pingCommand(target: string, local?: string): [string, ...string[]] {
  const source = local === undefined || local.includes("%") || target.includes("%") ? [] : ["-I", local];
  return ["ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", ...source, target];
}

function splitZone(text: string): { address: string; zone?: string } {
  const [address = "", zone] = text.split("%");
  return { address, ...(zone === undefined ? {} : { zone }) };
}

/** What passes before a change and must pass after it. */
export interface ManagementProbe {
  path: ManagementPath | undefined;
  /** The next hop and the peer, as far as they answer a ping; many do not. */
  answering: readonly string[];
}

export async function probeManagement(ends: ManagementEnds): Promise<ManagementProbe> {
  const path = await findManagementPath(ends);
  const targets = [...new Set([path?.gateway, ends.peer].filter((address) => address !== undefined))];
  const answers = await Promise.all(targets.map((target) => run(pingCommand(target, ends.local))));
  return { path, answering: targets.filter((_address, index) => answers[index]?.exitCode === 0) };
}

/** Why the way to the operator is worse than it was; undefined when it is not. */
export function findWorse(before: ManagementProbe, now: ManagementProbe): string | undefined {
  if (before.path === undefined) return undefined;
  const { peer } = before.path;
  if (now.path === undefined) return `there is no route to ${peer} any more, from where this host is managed`;
  const describe = ({ device, gateway }: ManagementPath): string => `${gateway === undefined ? "" : `${gateway} on `}${device}`;
  if (describe(now.path) !== describe(before.path))
    return `answers to ${peer}, from where this host is managed, now go to ${describe(now.path)} instead of ${describe(before.path)}`;
  const silent = before.answering.filter((address) => !now.answering.includes(address));
  return silent.length === 0 ? undefined : `${silent.join(", ")} answered a ping before and does not any more`;
}
