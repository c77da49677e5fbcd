/** The last line of every test run: one form, so programs can read it too. */
export const formatCounts = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

export const addCounts = (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped });

/** undefined when the text does not end with such a line. */
export function parseCounts(text) {
  const found = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(text.trimEnd().split("\n").at(-1) ?? "");
  return found === null ? undefined : { passed: Number(found[1]), failed: Number(found[2]), skipped: Number(found[3]) };
}
