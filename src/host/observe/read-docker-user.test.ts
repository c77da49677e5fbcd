import { expect, test } from "vitest";
import { parseRules } from "./read-docker-user.ts";

test("rules with a comment, as iptables prints them; others are nobody's here", () => {
  const text = [
    "-N DOCKER-USER",
    '-A DOCKER-USER -s 10.64.0.0/16 -d 10.64.0.0/16 -m comment --comment "spanwire,uuid=x,network=apps" -j ACCEPT',
    "-A DOCKER-USER -m comment --comment plain -j DROP",
    "-A DOCKER-USER -j ACCEPT -m comment --comment last",
    "-A FORWARD -m comment --comment other -j DROP",
    "-A DOCKER-USER -j RETURN",
    "",
  ].join("\n");
  expect(parseRules(text, "DOCKER-USER")).toEqual([
    { rule: "-s 10.64.0.0/16 -d 10.64.0.0/16 -j ACCEPT", comment: "spanwire,uuid=x,network=apps" },
    { rule: "-j DROP", comment: "plain" },
    { rule: "-j ACCEPT", comment: "last" },
  ]);
});

test("in the raw table a rule that stands behind one of Docker's own is late; behind a person's it is not", () => {
  const ours = '-A PREROUTING -s 10.64.0.0/16 -d 10.64.0.0/16 -m comment --comment "spanwire,uuid=x,network=apps" -j ACCEPT';
  const dockers = "-A PREROUTING -d 10.64.1.130/32 ! -i spwbaaaaaaaaaa -j DROP";
  const read = (...lines: string[]): unknown[] =>
    parseRules(["-P PREROUTING ACCEPT", ...lines].join("\n"), "PREROUTING").map((rule) => rule.isLate);
  expect(read(ours, dockers)).toEqual([undefined]);
  expect(read(dockers, ours)).toEqual([true]);
  expect(read("-A PREROUTING -s 203.0.113.9/32 -j DROP", ours)).toEqual([undefined]);
});
