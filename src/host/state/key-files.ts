import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeAtomically } from "../../util/write-atomically.ts";

/**
 * The WireGuard key pairs of a host, one a cluster. The private half is in a file as `wg genkey` writes it, which only root may
 * read; nothing of ours ever prints, sends or logs it.
 *
 *   keys/CLUSTER/wireguard
 */
export interface KeyFiles {
  /** The public half; the pair is made when there is none, or when its file is damaged. */
  makeWireguardKey(clusterUuid: string): Promise<string>;
  /** Public halves by cluster. */
  readWireguardKeys(): Promise<Record<string, string>>;
  wireguardKeyPath(clusterUuid: string): string;
  /** The cluster is gone from this host. */
  forgetKeys(clusterUuid: string): Promise<void>;
}

/** PKCS #8 of an X25519 key (RFC 8410, section 7): all but its 32 bytes is always the same. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");
const KEY_BYTES = 32;

export function openKeyFiles(root: string): KeyFiles {
  const keys = join(root, "keys");
  const pathOf = (clusterUuid: string): string => join(keys, clusterUuid, "wireguard");
  const find = async (clusterUuid: string): Promise<string | undefined> =>
    publicHalf(await readFile(pathOf(clusterUuid), "utf8").catch(() => ""));
  return {
    wireguardKeyPath: pathOf,
    async makeWireguardKey(clusterUuid) {
      const known = await find(clusterUuid);
      if (known !== undefined) return known;
      const path = pathOf(clusterUuid);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const { privateKey } = generateKeyPairSync("x25519");
      await writeAtomically(path, `${rawOf(privateKey, "d")}\n`);
      const made = await find(clusterUuid); // what is there counts: somebody else may have made one meanwhile
      if (made === undefined) throw new Error(`${path} was written and cannot be read back`);
      return made;
    },
    async readWireguardKeys() {
      const clusters = (await readdir(keys).catch((): string[] => [])).sort();
      const found = await Promise.all(clusters.map(async (clusterUuid) => [clusterUuid, await find(clusterUuid)] as const));
      return Object.fromEntries(found.flatMap(([clusterUuid, key]) => (key === undefined ? [] : [[clusterUuid, key]])));
    },
    forgetKeys: (clusterUuid) => rm(join(keys, clusterUuid), { recursive: true, force: true }),
  };
}

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
