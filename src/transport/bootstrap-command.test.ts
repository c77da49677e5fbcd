import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { renderBootstrap } from "./bootstrap-command.ts";

const command = renderBootstrap({ version: "1.2.3", sha256: { x86_64: "0".repeat(64) } });

test("one line that holds nothing of a spec", () => {
  expect(command).toMatchInlineSnapshot(
    `"exec sh -c 'q=; m=$(uname -m); r=$(uname -r); f=/usr/local/lib/spanwire/1.2.3/spanwire; case "$m" in x86_64) h=0000000000000000000000000000000000000000000000000000000000000000 ;; aarch64) h= ;; *) h= ;; esac; if [ "$(id -u)" = 0 ]; then s=; else s="sudo -n --"; fi; say() { echo "spanwire-bootstrap $1 $m $r"; }; command -v sha256sum >/dev/null || { say no-sha256sum; exit 1; }; same() { [ "$(cat "\${f%/*}/checked" 2>/dev/null)" = "$h $(stat -c "%i %s %Z" "$f")" ] || [ "$(sha256sum <"$f")" = "$h  -" ]; }; if [ -n "$h" ] && [ -x "$f" ] && same; then say ready; else PATH=$PATH:/sbin:/usr/sbin; l=$(ldconfig -p 2>/dev/null); for n in libatomic.so.1 libstdc++.so.6; do case "$l" in ""|*"$n "*) ;; *) q=$q,$n ;; esac; done; [ -z "$q" ] || { say "no-library$q"; exit 1; }; say missing; read -r n || exit 1; $s sh -c "$1" spanwire-place "$f" "$h" "$n" || exit 1; say placed; fi; set -- $SSH_CONNECTION; exec $s "$f" host --peer "$1" --local "$3"' spanwire 'set -eu; umask 022; d=\${1%/*}; p=\${d%/*}; t=$d/.new.$$; trap "rm -f $t; rmdir $d $p 2>/dev/null || :" EXIT; trap "exit 1" HUP INT TERM; mkdir -p "$d"; chown 0:0 "$p" "$d"; chmod 0755 "$p" "$d"; find "$d" -name ".new.*" -mmin +60 -delete || :; head -c "$3" | gzip -dc >"$t"; [ "$(sha256sum <"$t")" = "$2  -" ] || { echo "spanwire-place: the checksum is another one" >&2; exit 1; }; chmod 0755 "$t"; "$t" --version >/dev/null </dev/null; sync "$t"; mv -f "$t" "$1"; echo "$2 $(stat -c "%i %s %Z" "$1")" >"$d/checked"; sync "$d"'"`,
  );
});

test("it is a program in the shell that sshd starts", () => {
  // the two quoted words are programs themselves
  const programs = [command, ...[...command.matchAll(/'([^']*)'/g)].map(([, script]) => String(script))];
  expect(programs).toHaveLength(3);
  const judged = programs.flatMap((program) => ["sh", "bash"].map((shell) => spawnSync(shell, ["-n", "-c", program]).status));
  expect(judged).toEqual(Array.from({ length: 6 }, () => 0));
});

test("a host program is told of patience in a way that sudo lets through", () => {
  const patient = renderBootstrap({ version: "1.2.3", patience: 3, sha256: {} });
  expect(patient).toContain(`exec $s env SPANWIRE_PATIENCE=3 "$f" host --peer`);
});

test("whatever has to be placed: it says so, and the end of input leaves everything as it is", () => {
  const { stdout, status } = spawnSync("sh", ["-c", command], { input: "", encoding: "utf8" });
  expect(status).toBe(1);
  expect(stdout).toMatch(/^spanwire-bootstrap missing \S+ \S+\n$/);
});

test.each([
  ["a library is missing", "\tlibstdc++.so.6 (libc6,x86-64) => /lib/libstdc++.so.6", "no-library,libatomic.so.1"],
  ["both are there", "\tlibatomic.so.1 (libc6) => /lib/x\n\tlibstdc++.so.6 (libc6) => /lib/y", "missing"],
  ["nobody can tell", "", "missing"],
])("before anything is sent: %s", (_, listing, state) => {
  const folder = mkdtempSync(join(tmpdir(), "spanwire-bootstrap-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "listing"), listing);
  writeFileSync(join(folder, "ldconfig"), `#!/bin/sh\nexec cat ${folder}/listing\n`, { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  const { stdout, status } = spawnSync("sh", ["-c", command], { input: "", encoding: "utf8", env });
  expect([stdout.split(" ")[1], status]).toEqual([state, 1]);
});

test.each([
  ["203.0.113.7 50022 192.0.2.9 22", ["203.0.113.7", "192.0.2.9"]],
  ["fe80::7%eth0 50022 fe80::9%eth0 22", ["fe80::7%eth0", "fe80::9%eth0"]],
  [undefined, ["", ""]],
])("the host program hears both ends of the SSH connection %j", (connection, ends) => {
  const last = /set -- [^']*?"\$3"/.exec(command)?.[0] ?? "";
  const script = `s=echo f=spanwire; ${last}`;
  const env = { PATH: process.env["PATH"], ...(connection === undefined ? {} : { SSH_CONNECTION: connection }) };
  const { stdout } = spawnSync("sh", ["-c", script, "spanwire", "what was here before"], { env, encoding: "utf8" });
  expect(stdout).toBe(`spanwire host --peer ${ends[0]} --local ${ends[1]}\n`);
});
