import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderPlan } from "../../../src/plan/render/render-plan.ts";
import { parseSpec } from "../../../src/file/parse-spec.ts";
import { createFakeFleet } from "../../fake/fake-fleet.ts";
import { forgetRemovedHosts } from "../../fake/forget-removed-hosts.ts";

/** Every example, as a first `plan` on empty hosts prints it; applied, a second plan is empty. */
const EXAMPLES = join(import.meta.dirname, "../../../examples");
const names = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"));

describe.each(names)("%s", (name) => {
  test("what it plans, and nothing more once applied", async () => {
    const { cluster, warnings } = parseSpec(readFileSync(join(EXAMPLES, name), "utf8"), name);
    expect(warnings).toEqual([]);
    const fleet = createFakeFleet(cluster.hosts);
    const plan = await fleet.plan(cluster);
    const text = `${renderPlan(plan, (_, line) => line, { commands: true })}\n`;
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, name.replace(/\.yaml$/, ".txt")));
    const applied = await fleet.apply(plan);
    expect([applied.outcome, applied.problems]).toEqual(["applied", []]);
    const again = await fleet.plan(cluster, forgetRemovedHosts(plan));
    expect(again.hosts.flatMap((host) => host.steps)).toEqual([]);
  });
});
