import { patienceEnvironment } from "../util/patience.ts";
import { INSTALL_FOLDER } from "../util/install-folder.ts";

/** Machines that a host program can be built for, as `uname -m` says it. */
export const MACHINES = ["x86_64", "aarch64"] as const;
export type Machine = (typeof MACHINES)[number];

/** Every line of the bootstrap begins with it; what else a login prints (a banner, a profile's words) does not. */
export const BOOTSTRAP_WORD = "spanwire-bootstrap";

/** What the executable is linked against besides the C library (ldd). */
const LIBRARIES = ["libatomic.so.1", "libstdc++.so.6"] as const;

export interface BootstrapWish {
  version: string;
  /** How many times longer than usual the host program waits (patience.ts); sshd and sudo pass no variable on. */
  patience?: number;
  /** Checksums of the executables this side has. */
  sha256: Partial<Readonly<Record<Machine, string>>>;
}

/**
 * What ssh is asked to run: one string, the same for every host, because sshd hands it to the user's login shell, which
 * may be any. Nothing of a spec is in it. It says `spanwire-bootstrap STATE MACHINE KERNEL`:
 *
 *   ready     the executable of this version is there and the checksum is right; it becomes the host program
 *   missing   it waits for a line with a number of bytes and so many bytes of gzip, or for the end of input
 *   placed    the same as ready, after that
 *   no-...    something that is needed is not there
 */
export function renderBootstrap({ version, patience = 1, sha256 }: BootstrapWish): string {
  const known = MACHINES.map((machine) => `${machine}) h=${sha256[machine] ?? ""} ;;`);
  const patient = Object.entries(patienceEnvironment(patience))
    .map(([name, times]) => `env ${name}=${times} `)
    .join("");
  const start = [
    `q=; m=$(uname -m); r=$(uname -r); f=${INSTALL_FOLDER}/${version}/spanwire`,
    `case "$m" in ${known.join(" ")} *) h= ;; esac`,
    `if [ "$(id -u)" = 0 ]; then s=; else s="sudo -n --"; fi`,
    `say() { echo "${BOOTSTRAP_WORD} $1 $m $r"; }`,
    `command -v sha256sum >/dev/null || { say no-sha256sum; exit 1; }`,
    `same() { [ "$(cat "\${f%/*}/checked" 2>/dev/null)" = "$h $(stat -c "%i %s %Z" "$f")" ] || [ "$(sha256sum <"$f")" = "$h  -" ]; }`,
    `if [ -n "$h" ] && [ -x "$f" ] && same`,
    `then say ready`,
    // looked for before 50 MB are sent; where there is no ldconfig, starting what was placed tells
    `else PATH=$PATH:/sbin:/usr/sbin; l=$(ldconfig -p 2>/dev/null); for n in ${LIBRARIES.join(" ")}; do case "$l" in ""|*"$n "*) ;; *) q=$q,$n ;; esac; done`,
    `[ -z "$q" ] || { say "no-library$q"; exit 1; }`,
    `say missing; read -r n || exit 1; $s sh -c "$1" spanwire-place "$f" "$h" "$n" || exit 1; say placed; fi`,
    // sudo drops SSH_CONNECTION, whose first word is the other end and whose third is this one (ssh(1)): the host program
    // looks up the path between them
    `set -- $SSH_CONNECTION; exec $s ${patient}"$f" host --peer "$1" --local "$3"`,
  ];
  return `exec sh -c ${quote(start)} spanwire ${quote(PLACE)}`;
}

/** As root, with the file, its checksum and the number of bytes to read: the whole file under its name, or nothing at all. */
const PLACE = [
  `set -eu; umask 022; d=\${1%/*}; p=\${d%/*}; t=$d/.new.$$`,
  `trap "rm -f $t; rmdir $d $p 2>/dev/null || :" EXIT; trap "exit 1" HUP INT TERM`,
  `mkdir -p "$d"; chown 0:0 "$p" "$d"; chmod 0755 "$p" "$d"`,
  `find "$d" -name ".new.*" -mmin +60 -delete || :`,
  `head -c "$3" | gzip -dc >"$t"`,
  `[ "$(sha256sum <"$t")" = "$2  -" ] || { echo "spanwire-place: the checksum is another one" >&2; exit 1; }`,
  // what cannot run here (a library, an architecture, noexec) shows before it gets its name
  `chmod 0755 "$t"; "$t" --version >/dev/null </dev/null`,
  `sync "$t"; mv -f "$t" "$1"`,
  // inode, size and time of change: as long as these are the same, nobody needs to read 120 MB again for every connection
  `echo "$2 $(stat -c "%i %s %Z" "$1")" >"$d/checked"; sync "$d"`,
];

/** In single quotes: sh, bash, zsh, fish and csh agree on what that means as long as none of these is inside. */
function quote(lines: readonly string[]): string {
  const text = lines.join("; ");
  if (/['!\\\n]/.test(text)) throw new Error(`not plain in every shell: ${text}`);
  return `'${text}'`;
}
