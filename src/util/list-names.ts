const NAMED = 3;

/** "vm1, vm2, vm3 and 7 more": ten thousand names are no message. */
export function listNames(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
