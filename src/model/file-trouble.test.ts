import { mkdtemp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { formatProblem, toProblems } from "./problem.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "spanwire-trouble-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const said = async (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => "nothing",
    (error: unknown) => formatProblem(toProblems(error, "running", "")[0]!),
  );

test("a file that cannot be read or written is the user's to put right, and is named: no bug, no stack trace", async () => {
  const path = await folder();
  const advice = "\n  try: look at that path, its rights and the space on its disk";
  await writeFile(join(path, "file"), "");
  await mkdir(join(path, "full/of"), { recursive: true });
  expect(await said(writeFile(join(path, "none/x"), ""))).toBe(`opening ${path}/none/x: there is no such file or folder${advice}`);
  expect(await said(writeFile(path, ""))).toBe(`opening ${path}: it is a folder${advice}`);
  expect(await said(readFile(join(path, "file/x")))).toBe(`opening ${path}/file/x: a part of its path is a file${advice}`);
  expect(await said(rename(join(path, "none"), join(path, "other")))).toBe(
    `replacing ${path}/other: there is no such file or folder${advice}`,
  );
  expect(await said(writeFile("/proc/version", "x"))).toMatch(/^(opening|writing) \/proc\/version: |^writing a file: /);
});

test("what is no trouble with a file stays a bug", () => {
  expect(toProblems(new Error("odd"), "running", "")).toMatchObject([{ kind: "bug", why: "odd" }]);
});
