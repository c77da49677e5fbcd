import type { Problem } from "./problem.ts";

/** errno(3), as far as files meet it. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "it may not be touched by this user",
  EPERM: "it may not be touched by this user",
  EROFS: "its file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is a file",
  ELOOP: "its symbolic links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  EMFILE: "too many files are open",
  EIO: "the disk does not read or write there",
};

const ACTS: Readonly<Record<string, string>> = {
  open: "opening",
  read: "reading",
  write: "writing",
  mkdir: "making",
  rename: "replacing",
  unlink: "removing",
  rm: "removing",
  link: "making",
  symlink: "making",
  fsync: "writing",
  access: "opening",
  scandir: "reading",
};

/** What a file call of Node's threw, in words; undefined for anything else. */
export function describeFileTrouble(thrown: unknown, where: string): Problem | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { code = "", syscall = "", path, dest } = thrown as NodeJS.ErrnoException & { dest?: string };
  const why = WORDS[code];
  const act = ACTS[syscall];
  if (why === undefined || act === undefined) return undefined;
  const what = dest ?? path ?? "a file";
  return { kind: "input", doing: act, what, where, why, try: "look at that path, its rights and the space on its disk" };
}
