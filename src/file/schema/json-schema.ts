import { z } from "zod";
import { specSchema } from "./spec-schema.ts";

/** For editors (yaml-language-server and others), draft 2020-12: what the file may hold, with descriptions and examples. */
export function specJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(specSchema, { io: "input", target: "draft-2020-12" });
}
