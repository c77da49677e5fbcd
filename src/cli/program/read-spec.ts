import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { MAX_FILE_BYTES } from "../../file/schema/limits.ts";
import { parseSpecBytes, type ParsedSpec } from "../../file/parse-spec.ts";
import { SpanwireError, type Problem } from "../../model/problem.ts";

export const DEFAULT_SPEC_FILE = "spanwire.yaml";

/** Reads one spec file and nothing else: the format has no way to name a second. Throws SpanwireError. */
export async function readSpec(file: string): Promise<ParsedSpec> {
  return parseSpecBytes(await readRegularFile(file), file);
}

async function readRegularFile(file: string): Promise<Uint8Array> {
  const problem: Omit<Problem, "why" | "try"> = { kind: "input", doing: "opening", what: file, where: "" };
  // Without O_NONBLOCK the opening of a FIFO waits for a writer that may never come.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    const isMissing = error.code === "ENOENT";
    const why = isMissing ? "there is no such file" : error.code === "EACCES" ? "it may not be read" : error.message;
    throw new SpanwireError(
      {
        ...problem,
        why,
        try: isMissing ? "name it with --file, or write a first one with `spanwire init`" : "name another one with --file",
      },
      { cause: error },
    );
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile())
      throw new SpanwireError({
        ...problem,
        why: stat.isDirectory() ? "it is a directory" : "it is not a regular file",
        try: "name the spec file with --file",
      });
    if (stat.size > MAX_FILE_BYTES) {
      throw new SpanwireError({
        ...problem,
        why: `it has ${stat.size} bytes; at most ${MAX_FILE_BYTES} are allowed`,
        try: "check that this is the spec file; one for 10,000 hosts has about 1 MB",
      });
    }
    // One byte more than allowed is enough to see a file that grows while it is read.
    const buffer = new Uint8Array(Math.min(stat.size, MAX_FILE_BYTES) + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
