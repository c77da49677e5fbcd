import { isOwnContent, ownFilePaths } from "./own-files.ts";
import type { FileResource, ResourceKind } from "../model/resource.ts";

/** A file of ours under /etc (own-files.ts). Its path carries the cluster's UUID: that is the mark. */
export const file: ResourceKind<FileResource> = {
  kind: "file",
  key: (resource) => `file${resource.path}`,

  read: (snapshot, clusterUuid) =>
    ownFilePaths(clusterUuid).flatMap((path): FileResource[] => {
      const content = snapshot.files?.[path];
      // what somebody else wrote into it is nothing that we could, or should, write back
      return content === undefined ? [] : [{ kind: "file", path, content: isOwnContent(path, content) ? content : "" }];
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
