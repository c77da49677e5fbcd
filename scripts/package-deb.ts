import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, lstatSync, lutimesSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { renderCompletion } from "../src/cli/program/completion.ts";
import { createProgram } from "../src/cli/program/program.ts";
import { renderFileManPage, renderManPage } from "./man-page.ts";

export interface DebWish {
  executable: string;
  version: string;
  /** As dpkg names it. */
  architecture: "amd64" | "arm64";
  licence: string;
  /** https://reproducible-builds.org/specs/source-date-epoch/ */
  epochSeconds: number;
  output: string;
}

/** A Debian package: the executable, completion for three shells, the manual page. The same input gives the same bytes. */
export function packageDeb(wish: DebWish): void {
  const root = mkdtempSync(join(tmpdir(), "spanwire-deb-"));
  try {
    fill(root, wish);
    setTimes(root, wish.epochSeconds);
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(wish.epochSeconds), LC_ALL: "C" };
    // gzip: Debian 11's dpkg does not know zstd, and xz takes a minute for 120 MB
    const argv = ["--root-owner-group", "-Zgzip", "-z6", "--build", root, wish.output];
    const { status, stderr, error } = spawnSync("dpkg-deb", argv, { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`dpkg-deb failed: ${error?.message ?? stderr}`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function fill(root: string, { executable, version, architecture, licence, epochSeconds }: DebWish): void {
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o755 });
    writeFileSync(join(root, path), content, { mode: 0o644 });
  };
  write("DEBIAN/control", renderControl(version, architecture));
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  copyFileSync(executable, join(root, "usr/bin/spanwire"));
  chmodSync(join(root, "usr/bin/spanwire"), 0o755);
  write("usr/share/bash-completion/completions/spanwire", renderCompletion("bash"));
  write("usr/share/zsh/vendor-completions/_spanwire", renderCompletion("zsh").replace("compdef _spanwire spanwire", '_spanwire "$@"')); // loaded at its first use
  write("usr/share/fish/vendor_completions.d/spanwire.fish", renderCompletion("fish"));
  const date = new Date(epochSeconds * 1000).toISOString().slice(0, 10);
  write("usr/share/man/man1/spanwire.1.gz", gzipSync(renderManPage(createProgram(), version, date), { level: 9 }));
  write("usr/share/man/man5/spanwire.yaml.5.gz", gzipSync(renderFileManPage(version, date), { level: 9 }));
  write("usr/share/doc/spanwire/copyright", licence);
}

/** What a host or an operator's machine needs besides what Debian always has. */
function renderControl(version: string, architecture: string): string {
  return `Package: spanwire
Version: ${version}
Architecture: ${architecture}
Maintainer: Spanwire <spanwire@localhost>
Section: net
Priority: optional
Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1, libatomic1
Recommends: openssh-client, iproute2, nftables, iputils-ping
Description: one container network across several plain Docker hosts
 Spanwire joins Docker hosts into networks from one small file: it shows
 what it would change, applies it to all hosts or none, and measures that every
 pair of hosts can talk.
`;
}

/** tar takes times and modes from the files; umask and clock of the builder must not show. */
function setTimes(path: string, epochSeconds: number): void {
  const found = lstatSync(path);
  if (found.isDirectory()) {
    for (const name of readdirSync(path)) setTimes(join(path, name), epochSeconds);
    chmodSync(path, 0o755);
  } else chmodSync(path, (found.mode & 0o100) === 0 ? 0o644 : 0o755);
  lutimesSync(path, epochSeconds, epochSeconds);
}
