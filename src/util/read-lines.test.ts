import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readLines } from "./read-lines.ts";

async function collect(chunks: readonly Buffer[], maxBytes: number): Promise<unknown[]> {
  const lines: unknown[] = [];
  for await (const line of readLines(Readable.from(chunks), maxBytes)) lines.push(line);
  return lines;
}

test("lines come out whole however they were cut into chunks", async () => {
  const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[\r\n]/g, "·"));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat({ max: 40 })), async (lines, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(""));
      const ends = [...cuts.toSorted((a, b) => a - b), bytes.length];
      const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
      expect(await collect(chunks, 10_000)).toEqual(lines.map((text) => ({ text })));
    }),
  );
});

test("B60: a line without end is counted, not kept, and the next one is read", async () => {
  const chunks = [Buffer.alloc(3000, "x"), Buffer.alloc(3000, "x"), Buffer.from("\n{}\r\nlast")];
  expect(await collect(chunks, 4096)).toEqual([{ tooLongBytes: 6000 }, { text: "{}" }, { text: "last" }]);
});
