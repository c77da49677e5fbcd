import type { Difference } from "./kind.ts";

export interface FieldRule<R> {
  field: keyof R & string;
  /** Why a wrong value matters. */
  reason: string;
  needs?: Difference["needs"];
}

/** Compares the named fields of two resources as text; the rest is identity or filled by the kernel. */
export function compareFields<R extends object>(desired: R, observed: R, rules: readonly FieldRule<R>[]): Difference[] {
  return rules.flatMap(({ field, reason, needs }) => {
    const from = formatValue(observed[field]);
    const to = formatValue(desired[field]);
    return from === to ? [] : [{ field, from, to, reason, needs: needs ?? "change" }];
  });
}

function formatValue(value: unknown): string {
  if (value === undefined) return "none";
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** A list-like field as one difference that names what is missing and what is too much. */
export function compareSets(field: string, desired: readonly string[], observed: readonly string[], reason: string): Difference[] {
  const have = new Set(observed);
  const want = new Set(desired);
  const missing = desired.filter((item) => !have.has(item));
  const extra = observed.filter((item) => !want.has(item));
  if (missing.length === 0 && extra.length === 0) return [];
  return [{ field, from: describe(extra, missing), to: describe(missing, extra), reason, needs: "change" }];
}

const SHOWN = 3;

/** "with A, without B" */
function describe(present: readonly string[], absent: readonly string[]): string {
  const list = (word: string, items: readonly string[]): string[] => {
    const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : "";
    return items.length === 0 ? [] : [`${word} ${items.slice(0, SHOWN).join(", ")}${more}`];
  };
  return [...list("with", present), ...list("without", absent)].join(", ");
}
