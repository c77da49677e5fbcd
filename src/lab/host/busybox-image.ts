import { existsSync, readFileSync } from "node:fs";
import { SpanwireError } from "../../model/problem.ts";
import { CACHE_ROOT, IMAGE } from "../lab-names.ts";
import { requestDocker } from "../../util/docker-request.ts";
import { runTool } from "../tools.ts";

/** Debian's busybox-static: fetched by scripts/install.mjs where the other busybox is installed, else a package. */
const BUSYBOX_PATHS = [`${CACHE_ROOT}/busybox`, "/bin/busybox"];
const BLOCK_BYTES = 512;

/** An image of one program and the names it answers to: no registry is needed. The same bytes every time. */
export async function buildBusyboxTar(runId: string): Promise<Buffer> {
  const path = getBusyboxPath();
  const applets = (await runTool([path, "--list"], { runId, doing: "listing busybox's applets" })).trim().split("\n");
  const program = readFileSync(path);
  const entries = [
    tarHeader({ path: "bin/", mode: 0o755, type: "5" }),
    tarHeader({ path: "tmp/", mode: 0o1777, type: "5" }),
    tarHeader({ path: "bin/busybox", mode: 0o755, type: "0", bytes: program.length }),
    program,
    Buffer.alloc(-program.length & (BLOCK_BYTES - 1)),
    ...applets
      .filter((name) => name !== "busybox")
      .map((name) => tarHeader({ path: `bin/${name}`, mode: 0o777, type: "2", link: "busybox" })),
    Buffer.alloc(2 * BLOCK_BYTES),
  ];
  return Buffer.concat(entries);
}

function getBusyboxPath(): string {
  const path = BUSYBOX_PATHS.find((candidate) => existsSync(candidate) && !needsLoader(readFileSync(candidate)));
  if (path !== undefined) return path;
  throw new SpanwireError({
    kind: "unsupported",
    doing: "making the image",
    what: IMAGE,
    where: "",
    why: `no statically linked busybox at ${BUSYBOX_PATHS.join(" or ")}`,
    try: "install the package busybox-static, or start the lab with `npm run lab -- up`, which does",
  });
}

/** Whether a 64-bit little-endian ELF program has a PT_INTERP header, that is, needs shared libraries (elf(5)). */
function needsLoader(program: Buffer): boolean {
  const [tableAt, entryBytes, count] = [Number(program.readBigUInt64LE(32)), program.readUInt16LE(54), program.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => program.readUInt32LE(tableAt + index * entryBytes)).includes(PT_INTERP);
}

const PT_INTERP = 3;

interface TarEntry {
  path: string;
  mode: number;
  /** 0 file, 2 symbolic link, 5 directory. */
  type: "0" | "2" | "5";
  bytes?: number;
  link?: string;
}

/** POSIX.1-1988 "ustar": fields at fixed places, numbers as octal text. Owner root, time 0. */
function tarHeader(entry: TarEntry): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, "0")}\0`;
  header.write(entry.path, 0);
  header.write(octal(entry.mode, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(entry.bytes ?? 0, 12), 124);
  header.write(octal(0, 12), 136);
  header.write("        ", 148); // the checksum counts itself as blanks
  header.write(entry.type, 156);
  header.write(entry.link ?? "", 157);
  header.write("ustar\x0000", 257, "latin1");
  header.write(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  return header;
}

/** `docker import` through the API (POST /images/create). */
export async function importImage(host: string, socketPath: string, tar: Buffer): Promise<void> {
  const [repository = "", tag = ""] = IMAGE.split(":");
  const changes = encodeURIComponent('CMD ["sh"]');
  const answer = await requestDocker(socketPath, "POST", `/images/create?fromSrc=-&repo=${repository}&tag=${tag}&changes=${changes}`, tar);
  if (answer.status === 200 && !answer.body.includes('"error"')) return;
  throw new SpanwireError({
    kind: "command",
    doing: "importing the image",
    what: IMAGE,
    where: host,
    why: `the Docker daemon answered ${answer.status}: ${answer.body.trim().slice(0, 300)}`,
    try: "look at dockerd.log in the host's directory (`spanwire lab status`)",
  });
}
