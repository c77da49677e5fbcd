import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import { CACHE_ROOT } from "../../src/lab/lab-names.ts";
import { run } from "../../src/util/run.ts";
import { VERSION } from "../../src/util/version.ts";
import { demand } from "./cluster-lab.ts";

const DIST = fileURLToPath(new URL("../../dist", import.meta.url));
const BUILD = fileURLToPath(new URL("../../scripts/build.ts", import.meta.url));
const PLAIN_ROOT = `${CACHE_ROOT}/plain-bookworm`;
const MIRROR = "http://deb.debian.org/debian";
const SLOW_MS = 600_000;

let folder: string;
let first: Record<string, string>;
/** Why there is no machine without Node to try them on; undefined when there is one. */
let whyNot: string | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spanwire-packages-"));
  await ensurePlainRoot().catch((error: Error) => {
    whyNot = error.message.split("\n").at(-1);
    process.stderr.write(`\n*** not tested: packages on a machine without Node: debootstrap: ${whyNot}\n`);
  });
  first = await build();
}, SLOW_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A Debian with nothing but what the package says it needs; once per machine. */
async function ensurePlainRoot(): Promise<void> {
  if (existsSync(PLAIN_ROOT)) return;
  const building = `${PLAIN_ROOT}.building-${process.pid}`;
  mkdirSync(CACHE_ROOT, { recursive: true });
  try {
    const argv = ["unshare", "--mount", "debootstrap", "--variant=minbase", "--include=libatomic1", "bookworm", building, MIRROR] as const;
    demand(await run(argv, { timeoutMs: SLOW_MS }));
    renameSync(building, PLAIN_ROOT);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** As `npm run build` does it, at a fixed time; answers the checksums of what people get. */
async function build(): Promise<Record<string, string>> {
  demand(await run([process.execPath, BUILD], { env: { SOURCE_DATE_EPOCH: "1700000000" }, timeoutMs: SLOW_MS }));
  return Object.fromEntries(
    readdirSync(DIST).map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(DIST, name)))
        .digest("hex"),
    ]),
  );
}

/** Runs a script as root of a copy of that Debian, with dist at /dist and this Node at /node; its output, line by line. */
async function inPlainDebian(context: TestContext, script: string): Promise<string[]> {
  if (whyNot !== undefined) context.skip(whyNot);
  const enter = `set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
mkdir "$1/root/dist"
mount --bind "$3" "$1/root/dist"
mount -t proc proc "$1/root/proc"
touch "$1/root/node"
mount --bind "$4" "$1/root/node"
exec chroot "$1/root" bash -euc "$5"`;
  const argv = [
    "unshare",
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-c",
    enter,
    "sh",
    folder,
    PLAIN_ROOT,
    DIST,
    process.execPath,
    script,
  ];
  const result = demand(await run(argv as [string, ...string[]], { timeoutMs: SLOW_MS }));
  return result.stdout.trim().split("\n");
}

/** What every way to install it must be able to do. */
const USE = `
hash -r
spanwire --version
cd "$(mktemp -d)" && spanwire init --host vm1=192.0.2.1 && spanwire validate
printf '{"id":1,"method":"hello"}\\n' | spanwire host`;
const USED = [
  VERSION,
  "spanwire.yaml",
  expect.stringMatching(/^spanwire\.yaml is valid: cluster \w+, 1 host/),
  expect.stringMatching(new RegExp(`"protocol":1,"version":"${VERSION.replaceAll(".", "\\.")}"`)),
];

test("the package on a machine without Node: program, completion, manual; and nothing left when it goes", async (context) => {
  const lines = await inPlainDebian(
    context,
    `
! command -v node >&2
dpkg --install /dist/spanwire_${VERSION}_amd64.deb >&2
${USE}
. /usr/share/bash-completion/completions/spanwire
COMP_WORDS=(spanwire de) COMP_CWORD=1
_spanwire
echo "\${COMPREPLY[@]}"
zcat /usr/share/man/man1/spanwire.1.gz | head -n 1
zcat /usr/share/man/man5/spanwire.yaml.5.gz | grep -c networks.NAME.subnet
dpkg --purge spanwire >&2
find / -xdev -name '*spanwire*' -not -path '/dist/*' -not -path '/tmp/*' -not -path '/proc/*'
echo end`,
  );
  expect(lines).toEqual([...USED, "destroy", `.TH SPANWIRE 1 "2023\\-11\\-14" "spanwire ${VERSION}" "User Commands"`, "1", "end"]);
});

test("the executable alone on a machine without Node", async (context) => {
  expect(await inPlainDebian(context, `install -m 755 /dist/spanwire /usr/local/bin/spanwire\n${USE}`)).toEqual(USED);
});

test("the tarball, which brings no Node, with Node", async (context) => {
  const lines = await inPlainDebian(
    context,
    `
mkdir -p /opt /usr/local/bin && tar -xzf /dist/spanwire-${VERSION}.tgz -C /opt
ln -s /opt/package/bin/spanwire /usr/local/bin/spanwire
ln -s /node /usr/local/bin/node
${USE}
cmp /opt/package/dist/spanwire /dist/spanwire && echo "with the executable for hosts"`,
  );
  expect(lines).toEqual([...USED, "with the executable for hosts"]);
});

test("a machine without a library that Node needs says which", async (context) => {
  const lines = await inPlainDebian(context, `rm /usr/lib/*/libatomic.so.1*\n/dist/spanwire --version 2>&1 || echo "exit $?"`);
  expect(lines).toEqual([expect.stringContaining("error while loading shared libraries: libatomic.so.1: cannot open"), "exit 127"]);
});

test("the same sources give the same bytes", { timeout: SLOW_MS }, async () => {
  const made = ["SHA256SUMS", "spanwire", `spanwire-${VERSION}.tgz`, "spanwire.cdx.json", "spanwire.mjs", `spanwire_${VERSION}_amd64.deb`];
  expect(Object.keys(first).sort()).toEqual(made);
  const checked = demand(await run(["sha256sum", "-c", "--strict", "SHA256SUMS"], { cwd: DIST }));
  expect(checked.stdout.trim().split("\n")).toHaveLength(made.length - 1);
  const bom = JSON.parse(readFileSync(join(DIST, "spanwire.cdx.json"), "utf8")) as { components: { name: string }[] };
  expect(bom.components.map(({ name }) => name).toSorted()).toEqual(["commander", "ip-address", "node", "yaml", "zod"]);
  expect(await build()).toEqual(first);
});
