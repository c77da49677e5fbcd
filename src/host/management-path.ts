import type { ManagementPath } from "../resources/snapshot.ts";
import { run } from "../util/run.ts";

/** How this host answers whoever manages it, as the kernel would route it now; undefined when it has no way there. */
export async function findManagementPath(peer: string): Promise<ManagementPath | undefined> {
  const result = await run(["ip", "-j", "-d", "route", "get", peer]);
  if (result.exitCode !== 0) return undefined;
  const [route] = JSON.parse(result.stdout) as { dev?: string; gateway?: string; prefsrc?: string }[];
  if (route?.dev === undefined) return undefined;
  return { peer, device: route.dev, source: route.prefsrc ?? "", ...(route.gateway === undefined ? {} : { gateway: route.gateway }) };
}

/** What passes before a change and must pass after it. */
export interface ManagementProbe {
  path: ManagementPath | undefined;
  /** The next hop and the peer, as far as they answer a ping; many do not. */
  answering: readonly string[];
}

export async function probeManagement(peer: string): Promise<ManagementProbe> {
  const path = await findManagementPath(peer);
  const targets = [...new Set([path?.gateway, peer].filter((address) => address !== undefined))];
  const answers = await Promise.all(targets.map((address) => run(["ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", address])));
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
