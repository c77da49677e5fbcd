import { PREPARATIONS } from "../model/prepared.ts";
import { createHash } from "node:crypto";
import { z } from "zod";
import { findAddressFault, findPrefixFault } from "../net/prefix.ts";
import { SpanwireError, type Problem } from "../model/problem.ts";
import { compareNames } from "../util/compare-names.ts";
import type { Lock, LockedHost, LockedNetwork } from "../model/lock.ts";
import { HOST_NAME, LABEL_NAME, SSH_DESTINATION } from "../net/legal-names.ts";
import { DATAPLANES } from "../dataplanes/index.ts";
import { numberOf } from "./pin-network.ts";
import { upgradeLock } from "./upgrade-lock.ts";
import { pathText, quote } from "../util/quote.ts";

/** 1 had the numbers of a data plane among those of the network. */
const VERSION = 2;

const prefix = z.string().refine((text) => findPrefixFault(text) === undefined, "not a prefix");
const hostSchema = z.strictObject({
  index: z.int().min(1),
  address: z.string().refine((text) => findAddressFault(text) === undefined, "not an address"),
  ssh: z.string().regex(SSH_DESTINATION),
  prepared: z.partialRecord(z.enum(PREPARATIONS), z.string().max(256)).exactOptional(),
});
const pinSchema = z.discriminatedUnion("type", [...DATAPLANES.values()].map((plane) => plane.pinSchema) as PinSchemas);
type PinSchemas = [z.ZodObject<{ type: z.ZodLiteral<string> }, z.core.$strict>];
const networkSchema = z.strictObject({
  subnet: prefix,
  dataplane: pinSchema,
  addressing: z.enum(["slices", "per-host"]),
  overlay: prefix.exactOptional(),
  mtuBytes: z.int().min(576).max(65_535),
  slicePrefix: z.int().min(1).max(128),
  slices: z.record(z.string().regex(HOST_NAME), prefix),
});
const lockSchema = z.strictObject({
  version: z.literal(VERSION),
  cluster: z.string().regex(LABEL_NAME),
  uuid: z.uuid(),
  hosts: z.record(z.string().regex(HOST_NAME), hostSchema),
  networks: z.record(z.string().regex(LABEL_NAME), networkSchema),
  removedHosts: z.record(z.string().regex(HOST_NAME), hostSchema),
});

const ADVICE = "restore the file from version control; it is never edited by hand";

/** "dir/spanwire.yaml" gives "dir/spanwire.lock". */
export function lockPathOf(specPath: string): string {
  return `${specPath.replace(/\.ya?ml$/i, "")}.lock`;
}

/** The text of a lock file. Throws SpanwireError when it is not one, or contradicts itself. */
export function parseLock(text: string, file: string): Lock {
  const problem = {
    kind: "input" as const,
    doing: "reading",
    what: "the lock",
    where: file,
    try: ADVICE,
    at: { file, line: 1, column: 1 },
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SpanwireError({ ...problem, why: `it is not JSON (${quote(String(error))})` }, { cause: error });
  }
  const version = (value as { version?: unknown } | null)?.version;
  if (typeof version === "number" && version !== VERSION && version !== 1) {
    throw new SpanwireError({
      ...problem,
      why: `it is of version ${version}, and this program knows versions 1 and ${VERSION}`,
      try: "use the version of spanwire that wrote it",
    });
  }
  const parsed = lockSchema.safeParse(version === 1 ? upgradeLock(value) : value);
  if (!parsed.success) {
    throw new SpanwireError(parsed.error.issues.map((issue): Problem => ({ ...problem, what: pathText(issue.path), why: issue.message })));
  }
  const clashes = findClashes(parsed.data);
  if (clashes.length > 0) throw new SpanwireError(clashes.map((clash): Problem => ({ ...problem, ...clash })));
  return parsed.data;
}

/** What no lock may hold twice: an index, a VNI, a place in both lists. */
function findClashes(lock: Lock): Pick<Problem, "what" | "why">[] {
  const clashes: Pick<Problem, "what" | "why">[] = [];
  const indexes = new Map<number, string>();
  for (const [name, host] of [...Object.entries(lock.hosts), ...Object.entries(lock.removedHosts)]) {
    const owner = indexes.get(host.index);
    if (owner !== undefined) clashes.push({ what: name, why: `its index ${host.index} is also that of ${owner}` });
    indexes.set(host.index, name);
  }
  for (const name of Object.keys(lock.removedHosts)) {
    if (Object.hasOwn(lock.hosts, name)) clashes.push({ what: name, why: "it is listed as a host and as removed" });
  }
  const numbers = new Map<number, string>();
  for (const [name, network] of Object.entries(lock.networks)) {
    const number = numberOf(network);
    if (number === undefined) continue;
    const owner = numbers.get(number);
    if (owner !== undefined) clashes.push({ what: name, why: `its VNI ${number} is also that of ${owner}` });
    numbers.set(number, name);
  }
  return clashes;
}

/** The same lock gives the same bytes, and a new host one new line or so: it is kept in version control. */
export function formatLock(lock: Lock): string {
  const ordered = {
    version: lock.version,
    cluster: lock.cluster,
    uuid: lock.uuid,
    hosts: sortKeys(lock.hosts, orderHost),
    networks: sortKeys(lock.networks, orderNetwork),
    removedHosts: sortKeys(lock.removedHosts, orderHost),
  };
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

/** Names a lock by its content. */
export function digestLock(lock: Lock): string {
  return createHash("sha256").update(formatLock(lock)).digest("hex");
}

function orderHost({ index, address, ssh, prepared }: LockedHost): LockedHost {
  return { index, address, ssh, ...(prepared === undefined ? {} : { prepared }) };
}

function orderNetwork({ subnet, dataplane, addressing, overlay, mtuBytes, slicePrefix, slices }: LockedNetwork): LockedNetwork {
  return {
    subnet,
    dataplane,
    addressing,
    ...(overlay === undefined ? {} : { overlay }),
    mtuBytes,
    slicePrefix,
    slices: sortKeys(slices, (slice) => slice),
  };
}

function sortKeys<T>(record: Readonly<Record<string, T>>, order: (value: T) => T): Record<string, T> {
  const entries = Object.entries(record).toSorted(([a], [b]) => compareNames(a, b));
  return Object.fromEntries(entries.map(([key, value]) => [key, order(value)]));
}
