import { z } from "zod";
import type { Attachment } from "../attachment.ts";

/** Kept away from Docker: members are whatever people put on the bridge themselves. */
export const none: Attachment<"none"> = {
  type: "none",
  schema: z.literal("none"),
  resolve: () => ({ type: "none" }),
  compile: () => [],
};
