import type { Readable } from "node:stream";

const NEWLINE = 0x0a;

/**
 * Lines of a stream, without their ends. One that is longer than `maxBytes` is skipped and reported by its length alone:
 * whoever sends megabytes without a newline fills nobody's memory, which node:readline would let happen.
 */
export async function* readLines(input: Readable, maxBytes: number): AsyncGenerator<{ text: string } | { tooLongBytes: number }> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const take = (): { text: string } | { tooLongBytes: number } => {
    const line = bytes > maxBytes ? { tooLongBytes: bytes } : { text: Buffer.concat(parts).toString("utf8").replace(/\r$/, "") };
    parts = [];
    bytes = 0;
    return line;
  };
  const keep = (part: Buffer): void => {
    bytes += part.length;
    if (bytes > maxBytes) parts = [];
    else parts.push(part);
  };
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    if (start < chunk.length) keep(chunk.subarray(start));
  }
  if (bytes > 0) yield take();
}
