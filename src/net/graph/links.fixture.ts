import fc from "fast-check";
import type { Link } from "./links.ts";

/** h1, h2, ... */
export const hostNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `h${i + 1}`);

/** Any graph over a few hosts: the links are a random choice of all pairs. */
export const anyGraph: fc.Arbitrary<{ hosts: string[]; links: Link[] }> = fc.integer({ min: 1, max: 9 }).chain((count) => {
  const hosts = hostNames(count);
  const pairs = hosts.flatMap((host, i) => hosts.slice(i + 1).map((other): Link => [host, other]));
  return fc.record({ hosts: fc.constant(hosts), links: fc.shuffledSubarray(pairs) });
});
