import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openKeyFiles } from "./key-files.ts";

const UUID = "11111111-2222-4333-8444-555555555555";
const OTHER = "99999999-2222-4333-8444-555555555555";
/** Made by `wg genkey | tee /dev/stderr | wg pubkey`. */
const PRIVATE = "yNjRUwPe6pBeolWUIL/eWFtWgXWXcA7Jh5jHf7XQ2U0=";
const PUBLIC = "4pZISKvjPbKorzQ6znUEPt1FN8rWhojiG1Kw3Ht1ISQ=";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "spanwire-keys-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("the public half is the one that wg(8) derives from the private half", async () => {
  const files = openKeyFiles(await folder());
  await mkdir(dirname(files.wireguardKeyPath(UUID)), { recursive: true });
  await writeFile(files.wireguardKeyPath(UUID), `${PRIVATE}\n`);
  expect(await files.readWireguardKeys()).toEqual({ [UUID]: PUBLIC });
  expect(await files.makeWireguardKey(UUID)).toBe(PUBLIC);
});

test("a pair a cluster, made once, in a file that only its owner reads; a damaged one is made anew", async () => {
  const files = openKeyFiles(await folder());
  expect(await files.readWireguardKeys()).toEqual({});
  const made = await files.makeWireguardKey(UUID);
  expect(made).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  expect(await files.makeWireguardKey(UUID)).toBe(made);
  expect(await files.makeWireguardKey(OTHER)).not.toBe(made);
  const path = files.wireguardKeyPath(UUID);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
  expect(await readFile(path, "utf8")).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  expect(await readFile(path, "utf8")).not.toContain(made);

  await writeFile(path, "torn");
  expect(Object.keys(await files.readWireguardKeys())).toEqual([OTHER]);
  expect(await files.makeWireguardKey(UUID)).not.toBe(made);

  await files.forgetKeys(UUID);
  await files.forgetKeys(UUID);
  expect(Object.keys(await files.readWireguardKeys())).toEqual([OTHER]);
});
