import { expect, test } from "vitest";
import type { HostPlan } from "../../model/plan.ts";
import type { Problem } from "../../model/problem.ts";
import { renderSummary } from "./render-summary.ts";

const host = (name: string, ...unseen: string[]): HostPlan => ({
  host: name,
  address: "",
  ssh: "",
  leaving: false,
  basis: "",
  steps: [],
  unseen,
});
const lost: Problem = { kind: "unreachable", doing: "reading", what: "", where: "vm2", why: "", try: "" };

test("nothing to do is said only of what was looked at", () => {
  expect(renderSummary({ hosts: [host("vm1")], warnings: [], refusals: [] })).toBe("Nothing to do: every host is as the file says.");
  expect(renderSummary({ hosts: [host("vm1")], warnings: [lost], refusals: [] })).toBe("Nothing to do on the hosts that answered.");
  expect(renderSummary({ hosts: [], warnings: [lost], refusals: [] })).toBe("No host answered: what there is to do is not known.");
  expect(renderSummary({ hosts: [host("vm1", "Docker: no answer")], warnings: [], refusals: [lost] })).toBe(
    "Nothing to do in what could be looked at.\nnot looked at: vm1: Docker: no answer",
  );
  expect(renderSummary({ hosts: [host("vm1")], warnings: [], refusals: [lost] })).not.toContain("as the file says");
});
