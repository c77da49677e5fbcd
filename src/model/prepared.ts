/**
 * What a host makes for itself before a plan is carried out, and of which only the public part ever leaves it: the private half of
 * a WireGuard key pair stays in a file of the host.
 */
export const PREPARATIONS = ["wireguard-key"] as const;
export type Preparation = (typeof PREPARATIONS)[number];
/** The public parts, by what they are of. */
export type Prepared = Readonly<Partial<Record<Preparation, string>>>;
/** All that a host has: a new one stands beside the one in use until that is no longer needed. */
export type Made = Readonly<Partial<Record<Preparation, readonly string[]>>>;

/** Stands for a public part in a plan until its host has made it. */
export const standInFor = (what: Preparation, host: string): string => `after-prepare:${what}@${host}`;

/** Anything of that sort. */
export const STAND_IN = /^after-prepare:[a-z-]+@[a-z0-9.-]+$/;

/** The same value with everything that stands for something put in. A word that nobody knows stays. */
export function putIn<T>(value: T, known: ReadonlyMap<string, string>): T {
  if (typeof value === "string") return (known.get(value) ?? value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => putIn(item, known)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, putIn(inner, known)])) as T;
}
