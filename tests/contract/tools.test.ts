import { describe, expect, test } from "vitest";
import { batchSteps, estimateBatchMs } from "../../src/plan/compare/batch-steps.ts";
import { TOOL_NAMES, toolOf, type Command, type ToolName } from "../../src/tools/index.ts";
import type { ToolHost } from "../../src/tools/tool.ts";
import { FAKE_TOOLS } from "../fake/fake-tools.ts";
import { commandsByTool } from "./corpus.ts";

/** What every registered tool must do; a new one takes part by its line in the registry. */
const commands = await commandsByTool();

/** A host on which every tool fails, and which counts what was asked of it. */
function brokenHost(): ToolHost & { asked: number } {
  const fail = async (): Promise<never> => {
    host.asked += 1;
    throw new Error("it is broken");
  };
  const host: ToolHost & { asked: number } = {
    asked: 0,
    async run(argv) {
      host.asked += 1;
      return { exitCode: 1, signal: null, stderr: "it is broken", description: `${argv[0]} exited 1: it is broken` };
    },
    stretchSeconds: (seconds) => seconds,
    ...{ writeSysctl: fail, readFormer: fail, writeFormer: fail, callDocker: fail, sweep: fail, writeOwnFile: fail, removeOwnFile: fail },
    ...{ startDaemon: fail, removeSocket: fail, keyPath: (cluster: string, key: string) => `/keys/${cluster}/${key}` },
  };
  return host;
}

describe.each(TOOL_NAMES)("tool %s", (name: ToolName) => {
  const mine = commands.get(name) ?? [];
  const tool = toolOf<Command>(name);

  test("has commands in the corpus, and the fake host does them", () => {
    expect(mine.length).toBeGreaterThan(0);
    expect(FAKE_TOOLS[name]).toBeDefined();
    expect(tool.tool).toBe(name);
  });

  test("its schema takes every command a kind makes, and nothing else", () => {
    for (const command of mine) expect(tool.schema.safeParse(command).error?.message).toBeUndefined();
    for (const garbage of [{}, { tool: "sh", args: ["reboot"] }, { ...mine[0], extra: 1 }, { tool: name }, null, "rm"])
      expect(tool.schema.safeParse(garbage).success).toBe(false);
  });

  test("renders every command in lines that a person can read", () => {
    for (const command of mine) {
      const lines = tool.render(command);
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.every((line) => line !== "" && !line.includes("undefined") && !line.includes("[object"))).toBe(true);
    }
  });

  test("more commands are never estimated to be faster", () => {
    const one = tool.estimateMs(mine.slice(0, 1));
    expect(one).toBeGreaterThan(0);
    expect(tool.estimateMs(mine.slice(0, 3))).toBeGreaterThanOrEqual(one);
  });

  test("says that it failed, when the host fails", async () => {
    const host = brokenHost();
    const result = await tool.run(mine.slice(0, 1), host).catch((error: Error) => ({ ok: false, why: error.message }));
    expect(result).toMatchObject({ ok: false, why: expect.stringContaining("it is broken") });
    expect(host.asked).toBeGreaterThan(0);
  });
});

test("every batch is of one tool, and of those batched as it", () => {
  for (const batch of batchSteps([])) expect(estimateBatchMs(batch)).toBe(0);
  for (const name of TOOL_NAMES) {
    const group = toolOf<Command>(name).batchedAs ?? name;
    expect(TOOL_NAMES).toContain(group);
  }
});
