import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { registerGraph } from "../../src/cli/verbs/graph.ts";
import { registerInit } from "../../src/cli/verbs/init.ts";
import { readSpec } from "../../src/cli/program/read-spec.ts";
import { registerSchema } from "../../src/cli/verbs/schema.ts";
import { registerValidate } from "../../src/cli/verbs/validate.ts";
import { formatLock, lockPathOf } from "../../src/lock/lock-file.ts";
import { parseSpec } from "../../src/file/parse-spec.ts";
import { pinLock } from "../../src/lock/pin-lock.ts";
import { SpanwireError, type Problem } from "../../src/model/problem.ts";

let directory: string;
let out: string;
let err: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "spanwire-cli-"));
  out = "";
  err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((err += String(text)), true));
});

afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function spanwire(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  for (const register of [registerInit, registerValidate, registerSchema, registerGraph]) register(program);
  await program.parseAsync(args, { from: "user" });
}

const problemsOf = async (act: Promise<unknown>): Promise<string[]> =>
  act.then(
    () => [],
    (error: unknown) => {
      if (!(error instanceof SpanwireError)) throw error;
      return error.problems.map(({ doing, what, why, try: advice }) => `${doing} ${what.replace(directory, "DIR")}: ${why} -> ${advice}`);
    },
  );

describe("init", () => {
  it("writes a file that validates, for any hosts", async () => {
    const file = join(directory, "spanwire.yaml");
    await spanwire("init", "--file", file, "--cluster", "null", "--host", "vm1=10.64.0.9", "--host", "1=10.160.0.1");
    expect(out).toBe(`${file}\n`);
    const { cluster, warnings } = await readSpec(file);
    expect(warnings).toEqual([]);
    expect(cluster).toMatchObject({
      name: "null",
      hosts: [{ name: "1" }, { name: "vm1" }],
      networks: [{ name: "apps", subnet: "10.224.0.0/12" }],
    });
    expect((await readFile(file, "utf8")).startsWith("# yaml-language-server: $schema=")).toBe(true);
  });

  it("writes example hosts when none is given", async () => {
    const file = join(directory, "s.yaml");
    await spanwire("init", "--file", file);
    expect((await readSpec(file)).cluster.hosts.map(({ name }) => name)).toEqual(["vm1", "vm2", "vm3"]);
  });

  it("leaves an existing file alone", async () => {
    const file = join(directory, "s.yaml");
    await writeFile(file, "mine");
    expect(await problemsOf(spanwire("init", "--file", file))).toEqual([
      "writing DIR/s.yaml: it exists, and is not overwritten -> name another file with --file",
    ]);
    expect(await readFile(file, "utf8")).toBe("mine");
  });

  it("refuses bad options before it writes anything", async () => {
    const file = join(directory, "s.yaml");
    expect(await problemsOf(spanwire("init", "--file", file, "--cluster", "A B", "--host", "VM 1=10.0.0.300"))).toMatchInlineSnapshot(`
      [
        "using the options for cluster: "A B" does not fit: a name is 1 to 31 of a-z, 0-9, _ and -, with a letter in front -> write something like prod",
        "using the options for hosts["VM 1"]: "VM 1" is not a legal name: a name is 1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends; several of these with dots between -> write vm-1",
        "using the options for hosts["VM 1"].address: "10.0.0.300" is not an IPv4 address -> write four decimal numbers, like 10.0.0.1",
      ]
    `);
    await expect(spanwire("init", "--file", file, "--host", "vm1")).rejects.toThrow(/NAME=ADDRESS/);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("validate", () => {
  it("says what is in a good file, and warns on stderr", async () => {
    const file = join(directory, "s.yaml");
    await writeFile(
      file,
      "version: 1\ncluster: c\nhosts: { vm1: { address: 192.0.2.1 } }\nnetworks: { apps: { subnet: 172.20.0.0/16 } }\n",
    );
    await spanwire("validate", "--file", file);
    expect(out).toBe(`${file} is valid: cluster c, 1 host, 1 network (apps 172.20.0.0/16)\n`);
    expect(err).toContain("warning: ");
    expect(err).toContain(":4:29: ");
    expect(process.exitCode).toBeUndefined();
  });

  it("prints an envelope for programs, and exits 1 for a bad file", async () => {
    const file = join(directory, "s.yaml");
    await writeFile(file, "version: 1\n");
    await spanwire("validate", "--file", file, "--json");
    const envelope = JSON.parse(out) as { problems: unknown[] };
    expect(envelope).toMatchObject({ version: 1, kind: "validate", ok: false, warnings: [] });
    expect(envelope.problems).toHaveLength(3);
    expect(envelope.problems[0]).toMatchObject({ kind: "input", at: { file, line: 1, column: 1 } });
    expect(process.exitCode).toBe(1);
  });

  it("B31: a reserved address that Docker or a gateway has, in the slices there will be", async () => {
    const { file } = await writeCluster("  apps: { subnet: 10.64.0.0/16, ip: { web: 10.64.1.200, gw: 10.64.1.1, db: 10.64.1.9 } }");
    await spanwire("validate", "--file", file, "--json");
    const { ok, problems } = JSON.parse(out) as { ok: boolean; problems: Problem[] };
    expect(ok).toBe(false);
    expect(problems.map(({ at, why }) => `${at?.line}:${at?.column} ${why}`)).toEqual([
      "7:61 10.64.1.1 is the gateway of vm1",
      "7:44 10.64.1.200 is in 10.64.1.128/25, from which Docker on vm1 hands out addresses by itself",
    ]);
    expect(problems[1]).toMatchObject({ at: { file }, try: "write an address from 10.64.1.3 to 10.64.1.127 (vm1), like 10.64.1.3" });
  });

  it("B31: the same in the slices of the lock, which are not those of a first apply", async () => {
    const place = "subnet: 10.64.0.0/16, ip: { web: 10.64.7.9 }";
    const { file, lock } = await writeCluster(
      `  apps: { ${place} }`,
      "  apps: { subnet: 10.64.0.0/16, addressing: { hosts: { vm1: 10.64.7.0/24 } } }",
    );
    await spanwire("validate", "--file", file);
    expect(out).toContain("is valid");
    await rename(lock, join(directory, "elsewhere"));
    expect(await problemsOf(spanwire("validate", "--file", file))).toEqual([
      "pinning networks.apps.ip.web: 10.64.7.9 is in no host's slice -> write an address from 10.64.1.3 to 10.64.1.127 (vm1), like 10.64.1.3",
    ]);
    expect(await problemsOf(spanwire("validate", "--file", file, "--lock", join(directory, "elsewhere")))).toEqual([]);
  });
});

describe("graph", () => {
  it("draws a network whose written or locked MTU is for jumbo frames", async () => {
    const written = await writeCluster("  apps: { subnet: 10.64.0.0/16, mtu: 8900 }");
    await spanwire("graph", "--file", written.file);
    expect(out).toContain("apps  10.64.0.0/16");
    out = "";
    const locked = await writeCluster("  apps: { subnet: 10.65.0.0/16 }", "  apps: { subnet: 10.65.0.0/16 }");
    expect(await readFile(locked.lock, "utf8")).toContain("8950");
    await spanwire("graph", "--file", locked.file);
    expect(out).toContain("apps  10.65.0.0/16");
  });
});

/** Two hosts, and a lock for them over jumbo frames when `locked` says with which networks. */
async function writeCluster(networks: string, locked?: string): Promise<{ file: string; lock: string }> {
  const file = join(directory, "s.yaml");
  const lock = lockPathOf(file);
  const textOf = (section: string): string =>
    `version: 1\ncluster: c\nhosts:\n  vm1: { address: 192.0.2.1 }\n  vm2: { address: 192.0.2.2 }\nnetworks:\n${section}\n`;
  await writeFile(file, textOf(networks));
  if (locked !== undefined) {
    const { cluster } = parseSpec(textOf(locked), file);
    const uuid = "11111111-2222-4333-8444-555555555555";
    await writeFile(lock, formatLock(pinLock({ cluster, uuid, underlayMtuBytes: 9000, underlayFamily: 4 }).lock));
  }
  return { file, lock };
}

describe("B07, B43: what may be read", () => {
  it("refuses a missing file, a directory, a FIFO, a device and a file of a GiB", async () => {
    const fifo = join(directory, "fifo");
    await promisify(execFile)("mkfifo", [fifo]);
    const device = join(directory, "device");
    await symlink("/dev/zero", device);
    const large = join(directory, "large");
    await writeFile(large, "");
    await truncate(large, 2 ** 30);
    const answers = await Promise.all(
      [join(directory, "missing"), directory, fifo, device, large].map((file) => problemsOf(readSpec(file))),
    );
    expect(answers.flat()).toMatchInlineSnapshot(`
      [
        "opening DIR/missing: there is no such file -> name it with --file, or write a first one with \`spanwire init\`",
        "opening DIR: it is a directory -> name the spec file with --file",
        "opening DIR/fifo: it is not a regular file -> name the spec file with --file",
        "opening DIR/device: it is not a regular file -> name the spec file with --file",
        "opening DIR/large: it has 1073741824 bytes; at most 8388608 are allowed -> check that this is the spec file; one for 10,000 hosts has about 1 MB",
      ]
    `);
  });
});

it("schema prints JSON Schema", async () => {
  await spanwire("schema");
  expect(JSON.parse(out)).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object" });
});
