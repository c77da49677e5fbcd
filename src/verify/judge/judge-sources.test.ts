import { expect, test } from "vitest";
import { createHealthy, createTarget } from "./healthy.fixture.ts";
import { judge } from "./judge.ts";

const target = createTarget(["vm1", "vm2"], [{ name: "apps", egress: "masquerade" }]);

test("a source that somebody changed is named, with the rule that would except the network", () => {
  const seen = createHealthy(target);
  const sources = seen.sources.map((row) => (row.from === "vm1" ? { ...row, source: "192.0.2.1" } : row));
  expect(judge(target, { ...seen, sources }).failures).toMatchObject([
    {
      check: "source",
      what: "vm1 -> vm2 on network apps",
      why: "what 10.64.1.2 on vm1 sends arrives at vm2 as 192.0.2.1: a NAT rule changes it on the way",
      try: expect.stringContaining("iptables -t nat -I POSTROUTING -s 10.64.0.0/16 -d 10.64.0.0/16 -j RETURN"),
    },
  ]);
});

test("where no packet showed a source, also nowhere, that is not tested; of a pair that is silent nothing more is said", () => {
  const seen = createHealthy(target);
  const sources = seen.sources.map((row) => ({ ...row, source: "" }));
  const { failures, notTested } = judge(target, { ...seen, sources });
  expect(failures).toEqual([]);
  expect(notTested).toEqual(["vm1 -> vm2", "vm2 -> vm1"].map((pair) => expect.stringContaining(`source address ${pair} in apps`)));
  const pairs = seen.pairs.map((row) => ({ ...row, received: 0, rttMs: null, fullPassed: false }));
  expect(judge(target, { ...seen, sources, pairs }).notTested.filter((text) => text.startsWith("source"))).toEqual([]);
  // the short measurement inside apply asks for none
  expect(judge(target, { ...seen, sources: [] }).notTested).toEqual([]);
});
