import { describe, expect, test } from "vitest";
import { commandsOf } from "../../src/plan/compare/batch-steps.ts";
import {
  describeKinds,
  describeResource,
  KIND_NAMES,
  keyOf,
  kindOf,
  observeResources,
  type KindName,
  type Resource,
} from "../../src/kinds/index.ts";
import type { Step } from "../../src/model/step.ts";
import { linkNames } from "../../src/kinds/index.ts";
import type { FakeHost } from "../fake/fake-system.ts";
import { runFake } from "../fake/fake-tools.ts";
import { firstPlan, repairPlan, SHAPES } from "./corpus.ts";

/**
 * What every registered kind must do, seen on hosts in memory while real plans are carried out one step at a time. A new kind
 * takes part by its line in the registry; without an example of it in the corpus its suite fails.
 */
interface Seen {
  resources: Resource[];
  /** A change carried out: what was wished for and what was read back. */
  written: { after: Resource; read: Resource | undefined }[];
  /** A change undone: what differs from before, in words. */
  undone: string[];
}

const seen = new Map<KindName, Seen>(KIND_NAMES.map((name) => [name, { resources: [], written: [], undone: [] }]));
const { wanted, observed } = describeKinds();

for (const shape of SHAPES) {
  for (const found of [await firstPlan(shape), await repairPlan(shape)]) {
    if (found === undefined) continue;
    for (const { host, steps } of found.plan.hosts) walk(found.fleet.hosts.get(host)!, steps, found.plan.clusterUuid);
  }
}

/** Each step is done, undone and done again, as far as its kind alone is concerned. */
function walk(host: FakeHost, steps: readonly Step[], uuid: string): void {
  const names = linkNames(
    steps.flatMap(({ before, after, wanted: whole }) => [before, after, whole].filter((end) => end !== null && end !== undefined)),
  );
  const observe = (): Map<string, Resource> => observeResources(host.snapshot(), uuid, names);
  const act = (before: Resource | null, after: Resource | null): void => {
    for (const command of commandsOf({ before, after })) runFake(host, [command]);
  };
  for (const { key, before, after } of steps) {
    const about = seen.get((after ?? before)!.kind)!;
    const initial = observe();
    about.resources.push(...[before, after].filter((end) => end !== null));
    act(before, after);
    const changed = observe();
    if (after !== null) about.written.push({ after, read: changed.get(key) });
    act(changed.get(key) ?? null, initial.get(key) ?? null);
    about.undone.push(...differencesOf(initial, observe()));
    act(initial.get(key) ?? null, after);
  }
}

function differencesOf(initial: ReadonlyMap<string, Resource>, now: ReadonlyMap<string, Resource>): string[] {
  return [...new Set([...initial.keys(), ...now.keys()])].flatMap((key) => {
    const [was, is] = [initial.get(key), now.get(key)];
    if (was === undefined || is === undefined) {
      const there = (was ?? is)!;
      return kindOf(there).isEmpty?.(there) === true || kindOf(there).isTransient === true
        ? []
        : [`${key} is ${is === undefined ? "gone" : "left"}`];
    }
    return kindOf(was)
      .compare(was, is)
      .map(({ field, from, to }) => `${key}: ${field} is ${from}, was ${to}`);
  });
}

describe.each(KIND_NAMES)("kind %s", (name) => {
  const { resources, written, undone } = seen.get(name)!;
  const kind = kindOf<Resource>(name);

  test("is made by some plan of the corpus", () => {
    expect(kind.kind).toBe(name);
    expect(resources.length).toBeGreaterThan(0);
    expect(written.length).toBeGreaterThan(0);
  });

  test("its schema takes what plans wish for and what is read back, and refuses what has one field more or another type", () => {
    for (const { after, read } of written) {
      expect(wanted.safeParse(after).error?.message).toBeUndefined();
      expect(observed.safeParse(read).error?.message).toBeUndefined();
      expect(wanted.safeParse({ ...after, surprise: 1 }).success).toBe(false);
      for (const field of Object.keys(after).filter((candidate) => candidate !== "kind"))
        expect(wanted.safeParse({ ...after, [field]: { $: 1 } }).success).toBe(false);
    }
  });

  test("what an earlier version kept, without the network, is read too", () => {
    for (const resource of resources) {
      const { network: _, ...former } = resource;
      expect(observed.safeParse(former).data?.network).toBe("");
    }
  });

  test("reads back what was written, and comparing it again finds nothing", () => {
    for (const { after, read } of written) {
      expect(read === undefined ? "missing" : kind.compare(after, read)).toEqual([]);
      expect(kind.compare(read!, read!)).toEqual([]);
      expect(keyOf(read!)).toBe(keyOf(after));
      if (read!.network !== "") expect(read!.network).toBe(after.network);
    }
  });

  test("the inverse of a change restores what was there", () => {
    expect(undone).toEqual([]);
  });

  test("says what it is, what it touches and on what it depends", () => {
    for (const resource of resources) {
      expect(describeResource(resource)).toMatch(/^[A-Za-z]/);
      const { devices, prefixes = [] } = kind.touches(resource);
      expect([...devices, ...prefixes].every((word) => typeof word === "string")).toBe(true);
      expect(kind.dependencies(resource)).not.toContain(keyOf(resource));
      expect(kind.diesWith?.(resource)).not.toBe(keyOf(resource));
    }
  });
});
