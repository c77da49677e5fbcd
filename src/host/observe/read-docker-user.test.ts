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
  expect(parseRules(text)).toEqual([
    { rule: "-s 10.64.0.0/16 -d 10.64.0.0/16 -j ACCEPT", comment: "spanwire,uuid=x,network=apps" },
    { rule: "-j DROP", comment: "plain" },
    { rule: "-j ACCEPT", comment: "last" },
  ]);
});
