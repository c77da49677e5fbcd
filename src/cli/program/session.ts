import { basename, join } from "node:path";
import { openLockStore } from "../../engine/lock-store.ts";
import { hostsOf, type Session } from "../../engine/session.ts";
import { runDirectory } from "../../lab/lab-names.ts";
import type { Host } from "../../model/cluster.ts";
import { lockPathOf } from "../../lock/lock-file.ts";
import { createLocalTransport } from "../../transport/in-process.ts";
import { createLabTransport } from "../../transport/lab.ts";
import { createSshTransport } from "../../transport/ssh.ts";
import type { Transport } from "../../transport/connection.ts";
import { SpanwireError } from "../../model/problem.ts";
import { SELF_ARGV } from "../../util/self-argv.ts";
import { say } from "../terminal/output.ts";
import { showWaiting } from "../terminal/show-waiting.ts";
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

/** What most verbs start from, as the flags say. */
export async function openSession(flags: TargetFlags): Promise<Session> {
  const spec = await readSpec(flags.file);
  const locks = openLockStore(findLockPath(flags));
  const session = { spec, locks, lock: await locks.read(), transport: showWaiting(chooseTransport(flags)) };
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
