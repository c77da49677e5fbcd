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

test("the public half is the one that wg(8) derives from the private half, and names the file", async () => {
  const files = openKeyFiles(await folder());
  const path = files.wireguardKeyPath(UUID, PUBLIC);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${PRIVATE}\n`);
  expect(await files.readWireguardKeys()).toEqual({ [UUID]: [PUBLIC] });
  await writeFile(join(dirname(path), "another.wireguard"), `${PRIVATE}\n`);
  expect(await files.readWireguardKeys()).toEqual({ [UUID]: [PUBLIC] });
});

test("pairs by cluster, in files that only their owner reads; a damaged one is none", async () => {
  const files = openKeyFiles(await folder());
  expect(await files.readWireguardKeys()).toEqual({});
  const made = await files.makeWireguardKey(UUID);
  expect(made).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  const other = await files.makeWireguardKey(OTHER);
  expect(await files.readWireguardKeys()).toEqual({ [UUID]: [made], [OTHER]: [other] });
  const path = files.wireguardKeyPath(UUID, made);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
  expect(await readFile(path, "utf8")).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  expect(await readFile(path, "utf8")).not.toContain(made);

  await mkdir(join(dirname(path), "no file")); // what cannot be read hides nothing else
  expect((await files.readWireguardKeys())[UUID]).toEqual([made]);
  await writeFile(path, "torn");
  expect(await files.readWireguardKeys()).toEqual({ [OTHER]: [other] });
});

test("a new pair stands beside the one in use, until all but one are thrown away", async () => {
  const files = openKeyFiles(await folder());
  const [one, two] = [await files.makeWireguardKey(UUID), await files.makeWireguardKey(UUID)];
  expect(new Set((await files.readWireguardKeys())[UUID])).toEqual(new Set([one, two]));
  await files.keepKeys(UUID, new Set([two]));
  expect(await files.readWireguardKeys()).toEqual({ [UUID]: [two] });
  await files.keepKeys(UUID, new Set());
  await files.keepKeys(UUID, new Set());
  expect(await files.readWireguardKeys()).toEqual({});
});
