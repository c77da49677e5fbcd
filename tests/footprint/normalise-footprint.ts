import { compareText } from "../../src/util/compare-text.ts";

export interface RawFootprint {
  links: unknown[];
  addresses: unknown[];
  routes: unknown[];
  rules: unknown[];
  neighbours: unknown[];
  fdb: unknown[];
  ruleset: unknown[];
  sysctls: Readonly<Record<string, string>>;
  networks: unknown[];
  containers: unknown[];
  /** Bridges and ports of Open vSwitch. */
  ovs: unknown[];
  stateFiles: readonly string[];
}

/** One line of text a thing, sorted, so that a difference reads as lines. */
export type Footprint = Readonly<Record<keyof RawFootprint, readonly string[]>>;

/** Numbers the kernel or Docker gives anew each time, or that count and run by themselves. */
const UNSTABLE_FIELDS: ReadonlySet<string> = new Set([
  ...["ifindex", "link_index", "link_netnsid", "handle", "index", "metainfo"],
  ...["stats", "stats64", "packets", "bytes", "fdb_n_learned"],
  ...["valid_life_time", "preferred_life_time", "expires", "used", "updated"],
  ...["hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "message_age_timer", "forward_delay_timer", "hold_timer"],
  ...["Id", "ID", "Created", "Status", "State", "ImageID", "EndpointID", "NetworkID", "SandboxID", "Containers"],
  ...["status"], // of an Open vSwitch port: what its spanning tree and BFD do now
]);

/** Settings that are readings. */
const UNSTABLE_SYSCTLS: ReadonlySet<string> = new Set(["netfilter/nf_conntrack_count"]);

/** The one normalisation: what is left out here is all that may differ between before and after. */
export function normaliseFootprint(raw: RawFootprint): Footprint {
  const { sysctls, stateFiles, fdb, ...lists } = raw;
  const lines = Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, toLines(list)])) as Record<
    keyof typeof lists,
    string[]
  >;
  return {
    ...lines,
    // learned entries come and go with traffic
    fdb: toLines(fdb.filter((entry) => ["permanent", "static"].includes((entry as { state?: string }).state ?? ""))),
    sysctls: Object.entries(sysctls)
      .flatMap(([key, value]) => (UNSTABLE_SYSCTLS.has(key) ? [] : [`${key} = ${value}`]))
      .sort(compareText),
    stateFiles: [...stateFiles].sort(compareText),
  };
}

function toLines(list: readonly unknown[]): string[] {
  return list
    .map((item) => JSON.stringify(item, (key, value: unknown) => (UNSTABLE_FIELDS.has(key) ? undefined : value)))
    .sort(compareText);
}

/** What is there only before (-) and only after (+), as lines; empty when the host is as it was. */
export function compareFootprints(before: Footprint, after: Footprint): string[] {
  return (Object.keys(before) as (keyof Footprint)[]).flatMap((part) => [
    ...subtract(before[part], after[part]).map((line) => `- ${part}: ${line}`),
    ...subtract(after[part], before[part]).map((line) => `+ ${part}: ${line}`),
  ]);
}

function subtract(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const found = left.indexOf(line);
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
}
