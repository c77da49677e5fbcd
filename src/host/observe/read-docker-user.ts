import { existsSync } from "node:fs";
import { dockerSocketPath } from "./docker-api.ts";
import type { SnapshotDockerUser } from "../../model/snapshot.ts";
import { DOCKER_USER_CHAIN } from "../../tools/iptables.ts";
import { describeRun, run } from "../../util/run.ts";

/**
 * Rules that stand before Docker's own. A host whose Docker has never run has no such chain, and no rules; all chains are asked
 * for, because iptables-nft 1.8.9 calls a missing one "incompatible". Where Docker is not, nobody is asked: iptables-legacy would
 * load its module for it. At boot, before Docker, `evenWithoutDocker` asks all the same.
 */
export async function readDockerUser({ evenWithoutDocker }: { evenWithoutDocker: boolean }): Promise<SnapshotDockerUser> {
  const hasDocker = evenWithoutDocker || existsSync(dockerSocketPath());
  if (!hasDocker) return { state: "absent", reason: "Docker is not there" };
  const result = await run(["iptables", "--wait", "5", "-S"]).catch((error: Error) => error);
  if (result instanceof Error) return { state: "absent", reason: "iptables is not there" };
  if (result.exitCode !== 0) return { state: "absent", reason: describeRun(result) };
  return { state: "ready", rules: parseRules(result.stdout) };
}

/** Lines of iptables-save(8); a comment with other characters than a name's stands in quotes, and none of ours has a quote in it. */
export function parseRules(text: string): { rule: string; comment: string }[] {
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith(`-A ${DOCKER_USER_CHAIN} `)) return [];
    const found = /^-A \S+ (.*?) ?-m comment --comment (?:"([^"]*)"|(\S+)) ?(.*)$/.exec(line);
    if (found === null) return [];
    const [, head = "", quoted, plain, tail = ""] = found;
    return [{ rule: [head, tail].filter((part) => part !== "").join(" "), comment: quoted ?? plain ?? "" }];
  });
}
