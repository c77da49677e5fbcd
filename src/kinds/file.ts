import { findOwnFile, isOwnContent, ownFilePaths } from "../tools/own-files.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";

const schema = z.strictObject({
  kind: z.literal("file"),
  network: is.network,
  path: z.string().max(256),
  /** Of a symbolic link, where it leads. */
  content: z.string().max(4096),
});
export type FileResource = z.output<typeof schema>;

const isOurs = ({ path, content }: FileResource): boolean =>
  content === "" ? findOwnFile(path) !== undefined : isOwnContent(path, content);

/** A file of ours under /etc (own-files.ts). Its path carries the cluster's UUID: that is the mark. */
export const file: ResourceKind<FileResource> = {
  kind: "file",
  schema: schema.refine(isOurs, "not a file of ours"),
  noun: "boot file",
  touches: () => ({ devices: [] }),
  key: (resource) => `file${resource.path}`,

  read: (snapshot, clusterUuid) =>
    ownFilePaths(clusterUuid).flatMap((path): FileResource[] => {
      const content = snapshot.files?.[path];
      // what somebody else wrote into it is nothing that we could, or should, write back
      return content === undefined ? [] : [{ kind: "file", network: "", path, content: isOwnContent(path, content) ? content : "" }];
    }),

  compare: (desired, observed) =>
    desired.content === observed.content || desired.content === ""
      ? []
      : [{ field: "content", from: "another", to: "ours", reason: "the next boot goes by it", needs: "change" }],

  dependencies: () => [],

  commands: (before, after) =>
    after?.content === ""
      ? []
      : after === null
        ? [{ tool: "file", op: "remove", path: before?.path ?? "" }]
        : [{ tool: "file", op: "write", path: after.path, content: after.content }],

  impact: () => "none",
};
