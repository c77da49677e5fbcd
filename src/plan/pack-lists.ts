import type { Plan } from "../model/plan.ts";

/**
 * In a mesh every host's steps list all other hosts: 1,000 hosts would write 1,000 lists of 999. Packed, a list stands in the
 * plan once, with every item that any host has, and each host says which of those it has not.
 */
export interface PackedPlan extends Omit<Plan, "hosts"> {
  lists: readonly (readonly unknown[])[];
  hosts: readonly unknown[];
}

/** Shorter ones are left as they are. */
const LEAST_ITEMS = 16;
const LIST = "$list";

/** `unpackPlan` gives the same plan again. */
export function packPlan(plan: Plan): PackedPlan {
  const unions = new Map<string, Union>();
  mapLists(plan.hosts, "", (items, place) => {
    const union = unions.get(place) ?? { texts: [], items: [], known: new Set() };
    unions.set(place, union);
    addAll(union, items);
    return items;
  });
  const places = [...unions.keys()];
  const hosts = mapLists(plan.hosts, "", (items, place) => {
    const own = items.map(textOf);
    const texts = new Set(own);
    const union = unions.get(place)!;
    const without = union.texts.flatMap((text, index) => (texts.has(text) ? [] : [index]));
    const rest = union.texts.filter((text) => texts.has(text));
    const isSame = rest.length === items.length && rest.every((text, index) => text === own[index]);
    return isSame && without.length < items.length ? { [LIST]: places.indexOf(place), without } : items;
  });
  return { ...plan, hosts: hosts as unknown[], lists: [...unions.values()].map(({ items }) => items) };
}

/** Throws a RangeError for what `packPlan` has not made. */
export function unpackPlan({ lists, ...plan }: PackedPlan): Plan {
  const restore = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(restore);
    if (typeof value !== "object" || value === null) return value;
    if (!(LIST in value)) return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, restore(inner)]));
    const { [LIST]: number, without } = value as { [LIST]: number; without: readonly number[] };
    const list = lists[number];
    if (list === undefined || !Array.isArray(without)) throw new RangeError(`there is no list ${number}`);
    const missing = new Set(without);
    return list.filter((_, index) => !missing.has(index));
  };
  return { ...plan, hosts: restore(plan.hosts) as Plan["hosts"] };
}

/** Every item that a list at one place has on some host, in an order that is right for all of them. */
interface Union {
  texts: string[];
  items: unknown[];
  known: Set<string>;
}

const TEXTS = new WeakMap<object, string>();

/** Items are often one object in all lists. */
function textOf(item: unknown): string {
  if (typeof item !== "object" || item === null) return JSON.stringify(item);
  const text = TEXTS.get(item) ?? JSON.stringify(item);
  TEXTS.set(item, text);
  return text;
}

function addAll(union: Union, items: readonly unknown[]): void {
  let before: string | undefined;
  for (const item of items) {
    const text = textOf(item);
    if (!union.known.has(text)) {
      const at = before === undefined ? 0 : union.texts.indexOf(before) + 1;
      union.texts.splice(at, 0, text);
      union.items.splice(at, 0, item);
      union.known.add(text);
    }
    before = text;
  }
}

/** `place` is the same for what belongs together on all hosts: kind, network and field. */
function mapLists(value: unknown, place: string, change: (items: readonly unknown[], place: string) => unknown): unknown {
  if (Array.isArray(value)) {
    if (value.length >= LEAST_ITEMS && !value.some(hasLists)) return change(value, place);
    return value.map((inner, index) => mapLists(inner, isSteps(inner) ? "" : `${place}/${index}`, change));
  }
  if (typeof value !== "object" || value === null) return value;
  const { kind, network } = value as { kind?: unknown; network?: unknown };
  const here = typeof kind === "string" ? `${kind} ${String(network)}` : place;
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, mapLists(inner, `${here}.${field}`, change)]));
}

/** A host or a step: its number says nothing about what it is. */
const isSteps = (value: unknown): boolean => typeof value === "object" && value !== null && ("steps" in value || "stage" in value);

const hasLists = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.values(value).some((inner) => typeof inner === "object" && inner !== null);
