import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gatherHosts, type GatheredHosts, type GatherOptions } from "../../engine/gather-hosts.ts";
import { runDirectory } from "../../lab/lab-names.ts";
import { buildPlan } from "../../plan/build-plan.ts";
import type { Plan } from "../../model/plan.ts";
import type { RestorePoint } from "../../plan/compile/restore-point.ts";
import type { Resource } from "../../kinds/index.ts";
import type { Host } from "../../model/cluster.ts";
import type { Lock } from "../../model/lock.ts";
import { formatLock, lockPathOf, parseLock } from "../../lock/lock-file.ts";
import type { ParsedSpec } from "../../file/parse-spec.ts";
import { createLocalTransport } from "../../transport/in-process.ts";
import { createLabTransport } from "../../transport/lab.ts";
import { createSshTransport } from "../../transport/ssh.ts";
import type { Transport } from "../../transport/connection.ts";
import { SpanwireError, type Problem } from "../../model/problem.ts";
import { SELF_ARGV } from "../../util/self-argv.ts";
import { say } from "../terminal/output.ts";
import { readSpec } from "./read-spec.ts";

export interface TargetFlags {
  file: string;
  /** Run id of the lab that plays the hosts. */
  lab?: string;
  /** This machine is the only host. */
  local?: boolean;
  /** Another configuration for OpenSSH. */
  sshConfig?: string;
  /** Another place for the lock. */
  lock?: string;
  host?: string[];
}

/** The file, its lock, and a way to its hosts: what most verbs start from. */
export interface Session {
  spec: ParsedSpec;
  lock: Lock | undefined;
  lockPath: string;
  transport: Transport;
}

export async function openSession(flags: TargetFlags): Promise<Session> {
  const spec = await readSpec(flags.file);
  const lockPath = findLockPath(flags);
  const session = { spec, lock: await readLock(lockPath), lockPath, transport: chooseTransport(flags) };
  // also one that has left the file: it is cleaned, and unfrozen, by its name
  requireHosts(hostsOf(session), flags);
  return session;
}

/** A lab's lock lives and dies with the lab; a real one stands beside the file. */
export function findLockPath(flags: TargetFlags): string {
  if (flags.lock !== undefined) return flags.lock;
  if (flags.lab === undefined) return lockPathOf(flags.file);
  return join(runDirectory(flags.lab), lockPathOf(basename(flags.file)));
}

function chooseTransport(flags: Pick<TargetFlags, "lab" | "local" | "sshConfig">): Transport {
  if (flags.lab !== undefined) return createLabTransport(flags.lab);
  if (flags.local === true) return createLocalTransport(SELF_ARGV);
  const configFile = flags.sshConfig ?? process.env["SPANWIRE_SSH_CONFIG"];
  return createSshTransport({
    ...(configFile === undefined ? {} : { configFile }),
    onProgress: (host, text) => say(`${host}: ${text}`),
  });
}

export async function readLock(path: string): Promise<Lock | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : parseLock(text, path);
}

/** null removes it: the cluster is gone. */
export async function writeLock(path: string, lock: Lock | null): Promise<void> {
  if (lock === null) return rm(path, { force: true });
  await writeFile(`${path}.new`, formatLock(lock));
  await rename(`${path}.new`, path);
}

/** The first lock of a cluster: of two operators at once one writes it, and the other learns of it before a host does. */
export async function writeFirstLock(path: string, lock: Lock): Promise<void> {
  const own = `${path}.${process.pid}.new`;
  await writeFile(own, formatLock(lock));
  try {
    await link(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const why = "somebody else has written it since this plan was made";
    throw new SpanwireError(
      { kind: "conflict", doing: "writing", what: path, where: "", why, try: "run the same command again" },
      { cause: error },
    );
  } finally {
    await rm(own, { force: true });
  }
}

/** Whatever --host names is one of these. */
export function requireHosts(hosts: readonly Host[], { host: names = [], file }: Pick<TargetFlags, "host" | "file">): void {
  const name = names.find((one) => hosts.every((host) => host.name !== one));
  if (name === undefined) return;
  const known = hosts
    .map((host) => host.name)
    .slice(0, 10)
    .join(", ");
  throw new SpanwireError({
    kind: "input",
    doing: "looking for",
    what: `host ${name}`,
    where: file,
    why: "the file has no such host",
    try: `name one of ${known}`,
  });
}

/** The file's hosts and those that left it but were not cleaned yet, limited by --host. */
export function hostsOf(session: Session, only?: readonly string[]): Host[] {
  const { hosts } = session.spec.cluster;
  const removed = Object.entries(session.lock?.hosts ?? {}).filter(([name]) => hosts.every((host) => host.name !== name));
  const tombstones = [...removed, ...Object.entries(session.lock?.removedHosts ?? {})].map(([name, locked]) => ({
    name,
    address: locked.address,
    ssh: locked.ssh,
  }));
  const all = [...hosts, ...tombstones.filter((tombstone) => hosts.every((host) => host.name !== tombstone.name))];
  return only === undefined ? all : all.filter((host) => only.includes(host.name));
}

export interface MakePlanOptions extends GatherOptions {
  /** Steps may touch the way a host is managed. */
  allowManagementPath?: boolean;
  /** Back to what was confirmed last, whatever the file says now. */
  repair?: boolean;
}

/** What each host was last confirmed to be; a host that knows nothing of the cluster has nothing to repair. */
async function readConfirmed({ connections }: GatheredHosts, { lock }: Session): Promise<Map<string, readonly Resource[]>> {
  if (lock === undefined) return new Map();
  const points = await Promise.all(
    [...connections].map(async ([host, connection]) => {
      const point = (await connection.request("confirmed", { clusterUuid: lock.uuid })) as Partial<RestorePoint>;
      return [host, point.resources ?? []] as const;
    }),
  );
  return new Map(points);
}

/** Reads every host and works out what must change. The caller closes `gathered`. */
export async function makePlan(
  session: Session,
  only?: readonly string[],
  options: MakePlanOptions = {},
): Promise<{ plan: Plan; gathered: GatheredHosts }> {
  const gathered = await gatherHosts(hostsOf(session, only), session.transport, options);
  try {
    const { snapshots, unreachable } = gathered;
    const confirmed = options.repair === true ? await readConfirmed(gathered, session) : undefined;
    const plan = buildPlan({
      cluster: session.spec.cluster,
      lock: session.lock,
      freshUuid: randomUUID(),
      snapshots,
      unreachable,
      locate: session.spec.locate,
      ...(options.allowManagementPath === true ? { allowManagementPath: true } : {}),
      ...(confirmed === undefined ? {} : { confirmed }),
    });
    return { plan, gathered };
  } catch (error) {
    await gathered.close();
    if (error instanceof SpanwireError)
      throw new SpanwireError([...findUnderWay(gathered), ...error.problems, ...gathered.unreachable], { cause: error });
    throw error;
  }
}

/** A host in the middle of another plan looks like nothing anybody wished for. */
function findUnderWay({ snapshots }: GatheredHosts): Problem[] {
  return [...snapshots].flatMap(([host, { lastPlan }]) =>
    lastPlan?.state !== "unfinished"
      ? []
      : [
          {
            kind: "conflict",
            doing: "reading",
            what: "the host",
            where: host,
            why: `plan ${lastPlan.planId} is under way there, or was cut off: what follows may come from that`,
            try: "run the same command again when it is done",
          },
        ],
  );
}
