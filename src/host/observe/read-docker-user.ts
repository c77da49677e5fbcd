import { existsSync } from "node:fs";
import { dockerSocketPath } from "./docker-api.ts";
import type { SnapshotAcceptRule, SnapshotDockerUser } from "../../model/snapshot.ts";
import type { AcceptChain } from "../../tools/iptables.ts";
import { describeRun, run, type RunResult } from "../../util/run.ts";

/**
 * Rules that stand before Docker's own. A host whose Docker has never run has no such chain, and no rules; all chains are asked
 * for, because iptables-nft 1.8.9 calls a missing one "incompatible". Where Docker is not, nobody is asked: iptables-legacy would
 * load its module for it. At boot, before Docker, `evenWithoutDocker` asks all the same. `withRaw`: Docker may have rules there.
 */
export async function readDockerUser({ evenWithoutDocker, withRaw }: DockerUserWish): Promise<SnapshotDockerUser> {
  const hasDocker = evenWithoutDocker || existsSync(dockerSocketPath());
  if (!hasDocker) return { state: "absent", reason: "Docker is not there" };
  const [filter, raw] = await Promise.all([list("filter"), withRaw ? list("raw") : undefined]);
  const failed = [filter, raw].find((result) => result !== undefined && result.exitCode !== 0);
  if (failed !== undefined) return { state: "absent", reason: describeFailure(failed) };
  const rules = parseRules(filter.stdout, "DOCKER-USER");
  return { state: "ready", rules, ...(raw === undefined ? {} : { raw: parseRules(raw.stdout, "PREROUTING") }) };
}

const describeFailure = (result: RunResult): string =>
  result.exitCode === null && result.stderr.includes("ENOENT") ? "iptables is not there (package iptables)" : describeRun(result);

interface DockerUserWish {
  evenWithoutDocker: boolean;
  withRaw: boolean;
}

const list = (table: "filter" | "raw"): Promise<RunResult> => run(["iptables", "--wait", "5", "-t", table, "-S"]);

/** Docker's own, for a container: "-d 10.64.1.130/32 ! -i spwbaaaaaaaaaa -j DROP". Drops of a person's have a reason we do not know. */
const DIRECT_DROP = /^-A PREROUTING -d \S+ ! -i \S+ (.* )?-j DROP$/;

/** Lines of iptables-save(8); a comment with other characters than a name's stands in quotes, and none of ours has a quote in it. */
export function parseRules(text: string, chain: AcceptChain): SnapshotAcceptRule[] {
  const lines = text.split("\n").filter((line) => line.startsWith(`-A ${chain} `));
  const firstDrop = lines.findIndex((line) => DIRECT_DROP.test(line));
  return lines.flatMap((line, index) => {
    const found = /^-A \S+ (.*?) ?-m comment --comment (?:"([^"]*)"|(\S+)) ?(.*)$/.exec(line);
    if (found === null) return [];
    const [, head = "", quoted, plain, tail = ""] = found;
    const rule = [head, tail].filter((part) => part !== "").join(" ");
    return [{ rule, comment: quoted ?? plain ?? "", ...(firstDrop >= 0 && firstDrop < index ? { isLate: true as const } : {}) }];
  });
}
