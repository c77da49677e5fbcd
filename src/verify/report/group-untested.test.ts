import { expect, test } from "vitest";
import { groupUntested } from "./group-untested.ts";

test("what was not tested is one line a cause, and a long list is cut", () => {
  const noGateway = ["vm1", "vm2"].map(
    (host) => `outside of apps on ${host}: no egress.check in the file and no default gateway on the host`,
  );
  const pairs = Array.from({ length: 8 }, (_, at) => `apps: vm1 -> vm${at + 2}`);
  expect(groupUntested([...noGateway, ...pairs, "outer fragments on vm1: no rule counts them"])).toEqual([
    "outside of apps on vm1, outside of apps on vm2: no egress.check in the file and no default gateway on the host",
    "apps vm1 -> vm2, apps vm1 -> vm3, apps vm1 -> vm4, apps vm1 -> vm5, apps vm1 -> vm6, apps vm1 -> vm7 and 2 more: one of the two could not be asked, see above",
    "outer fragments on vm1: no rule counts them",
  ]);
});
