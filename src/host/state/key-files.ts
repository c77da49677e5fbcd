import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeAtomically } from "../../util/write-atomically.ts";

/**
 * The WireGuard key pairs of a host, by cluster. A private half is in a file as `wg genkey` writes it, which only root may read; nothing
 * of ours ever prints, sends or logs it. The file is named after the public half, so a new pair stands beside the one in use.
 *
 *   keys/CLUSTER/PUBLIC-HALF.wireguard
 */
export interface KeyFiles {
  /** A new pair; gives its public half. */
  makeWireguardKey(clusterUuid: string): Promise<string>;
  /** Public halves by cluster, sorted; of damaged files none. */
  readWireguardKeys(): Promise<Record<string, readonly string[]>>;
  wireguardKeyPath(clusterUuid: string, publicKey: string): string;
  /** All but these are thrown away. */
  keepKeys(clusterUuid: string, publicKeys: ReadonlySet<string>): Promise<void>;
}

/** PKCS #8 of an X25519 key (RFC 8410, section 7): all but its 32 bytes is always the same. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");
const KEY_BYTES = 32;
const SUFFIX = ".wireguard";

export function openKeyFiles(root: string): KeyFiles {
  const keys = join(root, "keys");
  const list = async (folder: string): Promise<string[]> => (await readdir(folder).catch((): string[] => [])).sort();
  const pathOf = (clusterUuid: string, publicKey: string): string => join(keys, clusterUuid, nameOf(publicKey));
  const findPublic = async (clusterUuid: string): Promise<string[]> => {
    const folder = join(keys, clusterUuid);
    const names = await list(folder);
    const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8").catch(() => ""); // it may just have gone
    const found = await Promise.all(names.map(async (name) => ({ name, key: publicHalf(await read(name)) })));
    return found.flatMap(({ name, key }) => (key !== undefined && nameOf(key) === name ? [key] : []));
  };
  return {
    wireguardKeyPath: pathOf,
    async makeWireguardKey(clusterUuid) {
      const { privateKey, publicKey } = generateKeyPairSync("x25519");
      const made = rawOf(publicKey, "x");
      const path = pathOf(clusterUuid, made);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeAtomically(path, `${rawOf(privateKey, "d")}\n`);
      if ((await findPublic(clusterUuid)).includes(made)) return made;
      throw new Error(`${path} was written and cannot be read back`);
    },
    async readWireguardKeys() {
      const clusters = await list(keys);
      const found = await Promise.all(clusters.map(async (clusterUuid) => [clusterUuid, await findPublic(clusterUuid)] as const));
      return Object.fromEntries(found.filter(([, own]) => own.length > 0));
    },
    async keepKeys(clusterUuid, publicKeys) {
      const folder = join(keys, clusterUuid);
      if (publicKeys.size === 0) return rm(folder, { recursive: true, force: true });
      const kept = new Set([...publicKeys].map(nameOf));
      for (const name of await list(folder)) if (!kept.has(name)) await rm(join(folder, name), { force: true });
    },
  };
}

/** RFC 4648, section 5: without a slash. */
const nameOf = (publicKey: string): string => `${Buffer.from(publicKey, "base64").toString("base64url")}${SUFFIX}`;

/** Of a private half in base64; undefined for anything else. */
function publicHalf(text: string): string | undefined {
  const raw = Buffer.from(text.trim(), "base64");
  if (raw.length !== KEY_BYTES) return undefined;
  return rawOf(createPublicKey(createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, raw]), format: "der", type: "pkcs8" })), "x");
}

/** RFC 8037: "d" is the private half, "x" the public one. */
function rawOf(key: KeyObject, half: "d" | "x"): string {
  return Buffer.from(key.export({ format: "jwk" })[half] ?? "", "base64url").toString("base64");
}
