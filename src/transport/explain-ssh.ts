import type { Problem } from "../model/problem.ts";
import { INSTALL_FOLDER } from "../util/install-folder.ts";
import { CONNECT_TIMEOUT_S } from "./ssh-argv.ts";
import type { ProcessEnd } from "./stdio.ts";

type Explanation = Pick<Problem, "kind" | "why" | "try">;
type Rule = [pattern: RegExp, explain: (match: RegExpExecArray, destination: string) => Explanation];

/** What went wrong, in one sentence, and what to do about it. The patterns are OpenSSH's, sudo's and the loader's own words. */
export function explainSsh({ how, stderr }: ProcessEnd, destination: string): Explanation {
  const text = how.includes("ENOENT") ? how : stderr;
  for (const [pattern, explain] of RULES) {
    const match = pattern.exec(text);
    if (match !== null) return explain(match, destination);
  }
  const said = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-3)
    .join("; ");
  return {
    kind: "unreachable",
    why: `ssh ${destination}: ${how}${said === "" ? "" : `: ${said}`}`,
    try: `look at what \`ssh ${destination} true\` says`,
  };
}

const unreachable = (why: string, advice: string): Explanation => ({ kind: "unreachable", why, try: advice });
const refused = (why: string, advice: string): Explanation => ({ kind: "refused", why, try: advice });
const unsupported = (why: string, advice: string): Explanation => ({ kind: "unsupported", why, try: advice });

/** "connect to host 192.0.2.1 port 22: Connection refused" */
const connect = (words: string): RegExp => new RegExp(`connect to host (\\S+) port (\\d+): (?:${words})`);

const NETWORK: Rule[] = [
  [/ENOENT/, () => unsupported("this machine has no ssh", "install OpenSSH's client (package openssh-client)")],
  [
    /Could not resolve hostname (\S+):/,
    ([, name]) => unreachable(`no address is known for the name ${name}`, "correct the host's ssh: line, or add the name to ~/.ssh/config"),
  ],
  [
    connect("Connection refused"),
    ([, host, port]) =>
      unreachable(
        `${host} refuses connections to port ${port}: no SSH server listens there`,
        "start sshd on the host, or name its port with ssh: ssh://USER@HOST:PORT",
      ),
  ],
  [
    connect("No route to host|Network is unreachable"),
    ([, host]) => unreachable(`there is no way from here to ${host}`, "check that the host is switched on, and this machine's routes"),
  ],
  [
    connect("Connection timed out|Operation timed out"),
    ([, host, port]) =>
      unreachable(
        `${host} did not answer on port ${port} within ${CONNECT_TIMEOUT_S} s`,
        "check that the host is switched on, and the firewalls in between",
      ),
  ],
  [
    /(?:Connection timed out during banner exchange|Connection to \S+ port \d+ timed out)/,
    (_match, destination) =>
      unreachable(
        `what listens at ${destination} did not greet within ${CONNECT_TIMEOUT_S} s`,
        "check that the port is an SSH server's, and the host's load",
      ),
  ],
  [
    /(?:kex_exchange_identification|banner exchange): (.*)/,
    ([, said], destination) =>
      unreachable(
        `what listens at ${destination} ends the conversation before a login (${said})`,
        "check that the port is an SSH server's, and what the server's log says (MaxStartups, deny lists)",
      ),
  ],
  [
    /Timeout, server (\S+) not responding|Connection to (\S+) closed by remote host|Broken pipe|Connection reset/,
    (_match, destination) => unreachable(`the connection to ${destination} broke`, "run the same command again when the host answers"),
  ],
];

const KEYS: Rule[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED[^]*?Offending (\S+) key in (\S+):(\d+)/,
    ([, type, file, line], destination) =>
      refused(
        `the host key of ${destination} is not the ${type} key in ${file} line ${line}: either the host was installed anew, or somebody stands in between; nothing was sent`,
        `compare with \`ssh-keygen -lf /etc/ssh/ssh_host_${String(type).toLowerCase()}_key.pub\` on the host's own console; only if that explains it, remove the line and connect once with \`ssh ${destination}\``,
      ),
  ],
  [
    /No (?:(\S+) )?host key is known for (\S+)/,
    ([, , name], destination) =>
      refused(
        `the host key of ${name} is not known here, and unknown keys are not accepted`,
        `connect once with \`ssh ${destination}\` and compare the fingerprint with the host's own`,
      ),
  ],
  [
    /Host key verification failed/,
    (_match, destination) => refused(`the host key of ${destination} is not the known one`, `look at what \`ssh ${destination}\` says`),
  ],
  [
    /Permission denied \(([^)]*)\)/,
    ([, methods], destination) =>
      refused(
        `${destination} does not let us in (it takes ${methods})`,
        `make \`ssh -o BatchMode=yes ${destination} true\` work: a key in your agent or ~/.ssh, and its public half in the host's authorized_keys`,
      ),
  ],
  [
    /Too many authentication failures/,
    (_match, destination) =>
      refused(`${destination} was offered too many keys`, "name the right one with IdentityFile and IdentitiesOnly in ~/.ssh/config"),
  ],
  [
    /(.*: line \d+: Bad configuration option: .*|Can't open user config file .*|.*: terminating, \d+ bad configuration options)/,
    ([said]) => ({ kind: "input", why: `ssh does not understand its configuration: ${said}`, try: "correct that file" }),
  ],
];

const HOST: Rule[] = [
  [
    /sudo: (?:a password is required|a terminal is required|no tty present)/,
    (_match, destination) =>
      unsupported(
        `${destination} is not root and may not use sudo without a password`,
        "log in as root, or allow it in a file of /etc/sudoers.d: USER ALL=(root) NOPASSWD: ALL",
      ),
  ],
  [
    /is not (?:in the sudoers file|allowed to (?:execute|run sudo))|may not run sudo/,
    (_match, destination) =>
      unsupported(
        `${destination} is not root and may not use sudo`,
        "log in as root, or allow it in a file of /etc/sudoers.d: USER ALL=(root) NOPASSWD: ALL",
      ),
  ],
  [
    /sudo: (?:command )?not found/,
    (_match, destination) => unsupported(`${destination} is not root, and the host has no sudo`, "log in as root, or install sudo"),
  ],
  [
    /No space left on device|Disk quota exceeded/,
    () =>
      unsupported(
        `there is no space for the host program in ${INSTALL_FOLDER}; nothing was left there`,
        "make room for 120 MB on that file system",
      ),
  ],
  [
    /Read-only file system/,
    () => unsupported(`${INSTALL_FOLDER} is on a file system that cannot be written to; nothing was left there`, "mount it writable"),
  ],
  [
    /\/usr\/local\/lib\/spanwire\/\S+: Permission denied/,
    () =>
      unsupported(
        `programs in ${INSTALL_FOLDER} may not be started; nothing was left there`,
        "mount that file system without noexec, and look at what SELinux or AppArmor log",
      ),
  ],
  [
    /error while loading shared libraries: (\S+):/,
    ([, library]) =>
      unsupported(`the host lacks the library ${library}, which the host program needs; nothing was left there`, LIBRARY_ADVICE),
  ],
  [
    /version `(GLIBC\S*_[\d.]+)' not found/,
    ([, version]) =>
      unsupported(
        `the host's C library is too old: the host program needs ${version}; nothing was left there`,
        "use a distribution of 2018 or newer, such as Debian 10, Ubuntu 20.04 or RHEL 8",
      ),
  ],
  [
    /spanwire-place: (.*)/,
    ([, said]) => unreachable(`the host program did not arrive whole (${said}); nothing was left there`, "run the same command again"),
  ],
];

const LIBRARY_ADVICE = "install it on the host: libatomic1 on Debian and Ubuntu, libatomic on Fedora, RHEL and SUSE";
const RULES: readonly Rule[] = [...HOST, ...KEYS, ...NETWORK];
