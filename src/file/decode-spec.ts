import { SpanwireError, type Problem } from "../model/problem.ts";
import { MAX_FILE_BYTES } from "./schema/limits.ts";

/**
 * Characters that a reader of the file cannot see: controls (tab and line ends aside) and those that reorder text, by
 * which a file can look different from what it says (CVE-2021-42574).
 */
// oxlint-disable-next-line no-control-regex -- these are the characters it is about
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Bytes to text: UTF-8 with or without a byte order mark, nothing invisible. Throws SpanwireError. */
export function decodeSpec(bytes: Uint8Array, file: string): string {
  const problem: Omit<Problem, "why" | "try"> = {
    kind: "input",
    doing: "reading",
    what: "the file",
    where: file,
    at: { file, line: 1, column: 1 },
  };
  if (bytes.length > MAX_FILE_BYTES) {
    const why = `it has ${bytes.length} bytes; at most ${MAX_FILE_BYTES} are allowed`;
    throw new SpanwireError({ ...problem, why, try: "check that this is the spec file; one for 10,000 hosts has about 1 MB" });
  }
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) throw new SpanwireError({ ...problem, why: "it is UTF-16", try: "save it as UTF-8" });
  const text = new TextDecoder("utf-8", { ignoreBOM: false }).decode(bytes);
  const problems: Problem[] = [];
  if (!isValidUtf8(bytes)) {
    const place = placeOf(text, text.indexOf("\ufffd"), file);
    problems.push({ ...problem, why: "these bytes are not UTF-8", try: "save the file as UTF-8", at: place });
  }
  for (const match of text.matchAll(INVISIBLE)) {
    const code = match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    problems.push({
      ...problem,
      why: `the invisible character U+${code} is not allowed`,
      try: "remove it",
      at: placeOf(text, match.index, file),
    });
    if (problems.length >= 20) break;
  }
  if (problems.length > 0) throw new SpanwireError(problems);
  return text;
}

function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function placeOf(text: string, offset: number, file: string): { file: string; line: number; column: number } {
  const before = text.slice(0, Math.max(offset, 0));
  return { file, line: before.split("\n").length, column: before.length - before.lastIndexOf("\n") };
}
