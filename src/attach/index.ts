import type { Attach } from "../model/cluster.ts";
import type { Attachment } from "./attachment.ts";
import { dockerNetwork } from "./docker-network/index.ts";
import { none } from "./none/index.ts";

/** The registry: a new attachment is one folder and one line here. The first is what a file without `docker:` gets. */
export const ATTACHMENTS: Map<string, Attachment> = new Map<string, Attachment>([
  ["docker-network", dockerNetwork],
  ["none", none],
]);

export function getAttachment({ type }: Attach): Attachment {
  const found = ATTACHMENTS.get(type);
  if (found === undefined) throw new Error(`there is no attachment ${type}`);
  return found;
}

/** The one whose schema takes what is written. */
export function resolveAttach(network: string, written: unknown): Attach {
  const all = [...ATTACHMENTS.values()];
  const found = written === undefined ? all[0] : all.find((attachment) => attachment.schema.safeParse(written).success);
  if (found === undefined) throw new Error(`network ${network}: the schema let an attachment pass that is none`);
  return found.resolve(network, written);
}
