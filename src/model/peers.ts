import type { ResolvedMember, ResolvedNetwork } from "./network.ts";

/**
 * The underlay addresses of a network's members, in their order, and of all but one of them. Both are made once and shared, also
 * by networks with the same hosts: 5,000 hosts have 5,000 addresses each in every list.
 */
const VTEPS = new WeakMap<ResolvedNetwork, readonly string[]>();
const OTHERS = new WeakMap<readonly string[], (readonly string[])[]>();
let latest: readonly string[] = [];

function vtepsOf(network: ResolvedNetwork): readonly string[] {
  const known = VTEPS.get(network);
  if (known !== undefined) return known;
  const made = network.members.map(({ vtep }) => vtep);
  const isSame = made.length === latest.length && made.every((vtep, index) => vtep === latest[index]);
  if (!isSame) latest = made;
  VTEPS.set(network, latest);
  return latest;
}

export function peersOf(network: ResolvedNetwork, member: ResolvedMember): readonly string[] {
  const all = vtepsOf(network);
  const lists = OTHERS.get(all) ?? [];
  OTHERS.set(all, lists);
  const own = network.members.indexOf(member);
  return (lists[own] ??= all.toSpliced(own, 1));
}
