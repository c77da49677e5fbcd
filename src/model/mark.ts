/**
 * The ownership mark, kept as a link's alias (IFLA_IFALIAS, at most 255 bytes) so that a host tells whose a thing is
 * and a lost lock can be rebuilt: "spanwire,uuid=...,cluster=prod,index=1,network=apps,slice=10.64.1.0/24".
 */
export interface Mark {
  uuid: string;
  cluster: string;
  index: number;
  network: string;
  slice: string;
}

export function formatMark(mark: Mark): string {
  return `spanwire,uuid=${mark.uuid},cluster=${mark.cluster},index=${mark.index},network=${mark.network},slice=${mark.slice}`;
}

/** Undefined for an alias that is not one of our marks. */
export function findMark(alias: string): Mark | undefined {
  const [head, ...pairs] = alias.split(",");
  if (head !== "spanwire") return undefined;
  const fields = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
  const uuid = fields.get("uuid");
  if (uuid === undefined) return undefined;
  return {
    uuid,
    cluster: fields.get("cluster") ?? "",
    index: Number(fields.get("index") ?? 0),
    network: fields.get("network") ?? "",
    slice: fields.get("slice") ?? "",
  };
}

/** The network of a marked link or row; "" where the mark does not say. */
export function networkOfMark(alias: string): string {
  return findMark(alias)?.network ?? "";
}

/** Stands for the alias of a link that is ours and does not say so (claim-links.ts). */
export function claimAlias(clusterUuid: string): string {
  return `spanwire,uuid=${clusterUuid}`;
}

/** The mark as it is on the host: empty on a claimed link. */
export function readMark(alias: string): string {
  const mark = findMark(alias);
  return mark !== undefined && alias === claimAlias(mark.uuid) ? "" : alias;
}

/** As an argument of `ip link set alias`; `""` is how a batch file writes the empty word. */
export function aliasWord(mark: string): string {
  return mark === "" ? '""' : mark;
}

export function isMarkedBy(alias: string, clusterUuid: string): boolean {
  return findMark(alias)?.uuid === clusterUuid;
}

/** Label with the cluster's UUID: the mark of a Docker network of ours. */
export const CLUSTER_LABEL = "io.spanwire.cluster";
/** And the network it is of. */
export const NETWORK_LABEL = "io.spanwire.network";
