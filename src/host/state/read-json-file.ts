import { readFile } from "node:fs/promises";

/** As `readJsonFile`, for what can be done without. */
export async function findJsonFile<T>(path: string): Promise<T | "damaged" | undefined> {
  return readJsonFile<T>(path).catch((error: Error) => {
    if (error.cause instanceof SyntaxError) return "damaged" as const;
    throw error;
  });
}

/** Undefined when the file is not there; a damaged one is an error, because guessing would lose what it held. */
export async function readJsonFile<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (error instanceof SyntaxError) throw new Error(`${path} is damaged: ${error.message}`, { cause: error });
    throw error;
  }
}
