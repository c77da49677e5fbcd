import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClusterLab } from "./cluster-lab.ts";
import { until } from "./until.ts";

/** Writes a page while it does what the page says: every command is run, every answer is what came. */
export interface Tutorial {
  say(text: string): void;
  /** A command as the reader types it; the page shows it with what it answers. */
  type(line: string): Promise<void>;
  /** The same; Ctrl-C is pressed when `moment` has been printed. */
  interrupt(line: string, moment: string): Promise<void>;
  /** An editor: one text of the file becomes another. */
  edit(from: string, to: string): Promise<void>;
  page(): string;
}

export function createTutorial(cluster: ClusterLab, main: string): Tutorial {
  const lines: string[] = [];
  const file = join(cluster.directory, "spanwire.yaml");
  const { runId } = cluster.lab;

  const show = (line: string, output: string): void => {
    const said = neutralise(output, runId).trimEnd();
    lines.push("```console", `$ ${line}`, ...(said === "" ? [] : [said]), "```", "");
  };

  /** Both streams into one file, as a terminal shows them: in the order in which they were written. */
  const start = async (words: readonly string[]): Promise<{ child: ChildProcess; read: () => Promise<string> }> => {
    const path = join(cluster.directory, "output");
    const output = await open(path, "w");
    const env = { ...process.env, SPANWIRE_LAB: runId, NO_COLOR: "1" };
    const child = spawn(process.execPath, [main, ...words], { cwd: cluster.directory, env, stdio: ["pipe", output.fd, output.fd] });
    await output.close();
    return { child, read: () => readFile(path, "utf8") };
  };

  return {
    say: (text) => void lines.push(text, ""),
    page: () => `${lines.join("\n").trimEnd()}\n`,
    async type(line) {
      const [, ...words] = line.split(" ");
      const { child, read } = await start(words[0] === "lab" ? inLab(words, runId) : words);
      child.stdin?.end();
      await once(child, "close");
      show(line, await read());
    },
    async interrupt(line, moment) {
      const { child, read } = await start(line.split(" ").slice(1));
      await until(read, (text) => text.includes(moment));
      child.kill("SIGINT");
      await once(child, "close");
      show(line, (await read()).replace("\ninterrupted", "\n^C\ninterrupted"));
    },
    async edit(from, to) {
      const text = await readFile(file, "utf8");
      if (!text.includes(from)) throw new Error(`the file has no ${from}`);
      await writeFile(file, text.replace(from, to));
    },
  };
}

/** Options of ours stand before the command that runs in a host. */
function inLab(words: readonly string[], runId: string): string[] {
  const rest = words.indexOf("--");
  return rest < 0 ? [...words, "--run", runId] : [...words.slice(0, rest), "--run", runId, ...words.slice(rest)];
}

/** What differs from one run, or machine, to the next: times, names of the lab, ids, versions. */
function neutralise(text: string, runId: string): string {
  return text
    .replaceAll(` --run ${runId}`, "")
    .replaceAll(runId, "demo")
    .replaceAll(/^[0-9a-f]{64}$/gm, "3f9c1d0e...")
    .replaceAll(/\bspw([a-z])[a-z2-7]{10}\b/g, "spw$1...")
    .replaceAll(/\bkey \d+/g, "key 8794686")
    .replaceAll(/Docker \d+\.\d+\S*/g, "Docker 20.10.24")
    .replaceAll(/ = .* ms$/gm, " = 0.2/0.2/0.2 ms")
    .replaceAll(/ +\d+\.\d{1,2}(?= {2}|$)/gm, (number) => "0.30".padStart(number.length))
    .replaceAll(/\b\d+\.\d s\b/g, "5.0 s");
}
