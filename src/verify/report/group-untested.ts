/** Places named in one line before it says "and N more". */
const MOST_NAMED = 6;
const PAIR = /^[^:]+: \S+ -> \S+$/;
const PAIR_CAUSE = "one of the two could not be asked, see above";

/** One line per cause: "outside of apps on vm1, outside of data on vm1: no default gateway on the host". */
export function groupUntested(untested: readonly string[]): string[] {
  const causeOf = (text: string): string => (PAIR.test(text) ? PAIR_CAUSE : text.slice(text.indexOf(": ") + 2));
  return [...Map.groupBy(untested, causeOf)].map(([cause, texts]) => {
    const places = texts.map((text) => (cause === PAIR_CAUSE ? text.replace(":", "") : text.slice(0, text.indexOf(": "))));
    const more = places.length > MOST_NAMED ? ` and ${places.length - MOST_NAMED} more` : "";
    return `${places.slice(0, MOST_NAMED).join(", ")}${more}: ${cause}`;
  });
}
