import type { Host } from "../model/cluster.ts";
import { createLimit } from "../util/create-limit.ts";
import { SpanwireError, type Problem } from "../model/problem.ts";
import { PATIENCE } from "../util/patience.ts";
import { VERSION } from "../util/version.ts";
import { BOOTSTRAP_WORD, renderBootstrap, type Machine } from "./bootstrap-command.ts";
import type { Connection, Transport } from "./connection.ts";
import { findControlFolder } from "./control-folder.ts";
import { explainSsh } from "./explain-ssh.ts";
import { findHostExecutables, packExecutable, type HostExecutable } from "./host-executable.ts";
import { sshArgv } from "./ssh-argv.ts";
import { openStdioConnection, type StdioConnection } from "./stdio.ts";

export interface SshOptions {
  /** Instead of the user's own (ssh -F). */
  configFile?: string;
  /** Hears what takes a while: "placing ..." */
  onProgress(host: string, text: string): void;
}

/** Log-ins at the same time; conversations that are open do not count. */
const MOST_LOGINS = 16;
/** ConnectTimeout bounds the first answer; a slow PAM stack or a jump host comes on top. */
const GREETING_TIMEOUT_MS = 60_000 * PATIENCE;
/** Sending some 50 MB, 0.1 MB/s at worst. */
const PLACING_TIMEOUT_MS = 10 * 60_000 * PATIENCE;
/** The oldest kernel the data planes are made for: VXLAN's `df` is of 4.20, nftables' sets with intervals and updates settled by 5.10 (Debian 11). */
const OLDEST_KERNEL = [5, 10] as const;

type Target = Pick<Host, "name" | "address" | "ssh">;

interface Placeable {
  executables: readonly HostExecutable[];
  command: string;
  pack(executable: HostExecutable): Promise<Buffer>;
}

/** Reaches hosts by the user's own OpenSSH: their configuration, agent, jump hosts and known hosts decide. */
export function createSshTransport({ configFile, onProgress }: SshOptions): Transport {
  const limit = createLimit(MOST_LOGINS);
  let placeable: Promise<Placeable> | undefined;
  return {
    name: "ssh",
    async open(host, { fresh = false } = {}) {
      const { executables, command, pack } = await (placeable ??= preparePlaceable());
      const argv = sshArgv({
        destination: host.ssh,
        command,
        ...(configFile === undefined ? {} : { configFile }),
        controlFolder: fresh ? undefined : findControlFolder(),
      });
      return limit(() => login(host, argv, { executables, pack, onProgress }));
    },
  };
}

async function preparePlaceable(): Promise<Placeable> {
  const executables = await findHostExecutables();
  const packed = new Map<string, Promise<Buffer>>();
  return {
    executables,
    command: renderBootstrap({
      version: VERSION,
      patience: PATIENCE,
      sha256: Object.fromEntries(executables.map(({ machine, sha256 }) => [machine, sha256])),
    }),
    pack(executable) {
      const known = packed.get(executable.path) ?? packExecutable(executable);
      packed.set(executable.path, known);
      return known;
    },
  };
}

interface Login extends Pick<Placeable, "executables" | "pack">, Pick<SshOptions, "onProgress"> {}

/** A conversation with the host program, which is placed first when it is not there. */
async function login(host: Target, argv: [string, ...string[]], { executables, pack, onProgress }: Login): Promise<Connection> {
  const words = createWords();
  const connection = openStdioConnection(host.name, argv, {
    env: { ...definedOnly(process.env), LC_ALL: "C" }, // agents, jump programs and their PATH; errors in English
    advice: `look at what \`ssh ${host.ssh} true\` says`,
    detached: true,
    onText: words.hear,
    explainEnd: (end) => explainSsh(end, host.ssh),
  });
  try {
    const first = await heard(connection, words, GREETING_TIMEOUT_MS);
    requireHost(first, host);
    if (first.state === "missing") {
      const packed = await pack(requireExecutable(executables, first, host));
      onProgress(host.name, `placing spanwire ${VERSION} (${Math.round(packed.length / 1e6)} MB)`);
      connection.write(`${packed.length}\n`);
      connection.write(packed);
      await heard(connection, words, PLACING_TIMEOUT_MS);
      onProgress(host.name, "placed");
    }
    return connection;
  } catch (error) {
    connection.kill();
    throw error;
  }
}

interface Greeting {
  state: string;
  machine: string;
  kernel: string;
}

interface Words {
  hear(line: string): void;
  next(): Promise<Greeting>;
}

/** The bootstrap's words, in order; what a login prints besides is passed over. */
function createWords(): Words {
  const arrived: Greeting[] = [];
  let wake: (() => void) | undefined;
  return {
    hear(line) {
      const [word, state = "", machine = "", kernel = ""] = line.split(" ");
      if (word !== BOOTSTRAP_WORD) return;
      arrived.push({ state, machine, kernel });
      wake?.();
    },
    async next() {
      while (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return arrived.shift() as Greeting;
    },
  };
}

/** The next word, or why there is none. */
async function heard(connection: StdioConnection, words: Words, timeoutMs: number): Promise<Greeting> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      late.reject(
        problemOf(
          { name: connection.host },
          "timeout",
          `no word from the host within ${timeoutMs / 1000} s`,
          "look at the host's load and at what its login does",
        ),
      ),
    timeoutMs,
  );
  const ended = connection.ended.then((error) => Promise.reject(error));
  return Promise.race([words.next(), ended, late.promise]).finally(() => clearTimeout(timer));
}

function requireHost({ state, kernel }: Greeting, host: Target): void {
  if (state === "no-sha256sum")
    throw problemOf(host, "unsupported", "the host has no sha256sum, so what is placed there cannot be checked", "install coreutils");
  if (state.startsWith("no-library,")) {
    const missing = state.split(",").slice(1).join(", ");
    const advice = "install what has them: apt-get install libatomic1 libstdc++6, or dnf install libatomic libstdc++";
    throw problemOf(host, "unsupported", `the host program needs ${missing}, which is not there`, advice);
  }
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  const [oldestMajor, oldestMinor] = OLDEST_KERNEL;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw problemOf(
    host,
    "unsupported",
    `its kernel is ${kernel}, and ${OLDEST_KERNEL.join(".")} is the oldest whose VXLAN and nftables do what a plan relies on`,
    "install a newer kernel, or leave the host out",
  );
}

function requireExecutable(executables: readonly HostExecutable[], { machine }: Greeting, host: Target): HostExecutable {
  const found = executables.find((executable) => executable.machine === (machine as Machine));
  if (found !== undefined) return found;
  const have = executables.map((executable) => executable.machine).join(" and ");
  throw problemOf(
    host,
    "unsupported",
    `it is of architecture ${machine}, and the host program here is built for ${have}`,
    "build it with `npm run build -- --node PATH`, PATH being a Node of the same version for that architecture",
  );
}

function problemOf(host: Pick<Host, "name">, kind: Problem["kind"], why: string, advice: string): SpanwireError {
  return new SpanwireError({ kind, doing: "starting", what: "the host program", where: host.name, why, try: advice });
}

function definedOnly(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
