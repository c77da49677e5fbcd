import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { planRevert } from "../../../src/plan/compare/plan-revert.ts";
import { renderBrief } from "../../../src/plan/render/render-brief.ts";
import { renderPlan } from "../../../src/plan/render/render-plan.ts";
import type { Plan } from "../../../src/model/plan.ts";
import { observeResources } from "../../../src/kinds/index.ts";
import { parseSpec } from "../../../src/file/parse-spec.ts";
import { createFakeFleet, type FakeFleet } from "../../fake/fake-fleet.ts";
import { startContainer } from "../../fake/fake-system.ts";
import { forgetRemovedHosts } from "../../fake/forget-removed-hosts.ts";
import { deleteLink } from "../../fake/kernel-model.ts";

/**
 * A folder a case: `spec.yaml` is what is planned, `before.yaml` (when it is there) what was applied before. What was
 * done to the hosts in between stands below. `brief.txt` is the plan as a person reads it, `steps.txt` the same with every step and command, `revert.txt` what would
 * undo it after everything but the remove stage was done.
 */
const FOLDER = import.meta.dirname;
const nothing = (): void => {};

const CASES: Readonly<Record<string, (fleet: FakeFleet, first: Plan) => void>> = {
  "first-apply": nothing,
  "no-op": nothing,
  "fourth-host-joins": nothing,
  "host-leaves": nothing,
  "port-change": nothing,
  "egress-change": nothing,
  "network-removed": nothing,
  "ovs-mesh-to-ring": nothing,
  "vxlan-to-ovs": nothing,
  "per-host-host-joins": nothing,
  "ovs-join-change": nothing,
  "routed-to-wireguard": nothing,
  "wireguard-port-change": nothing,
  "tunnel-missing": (fleet, first) => deleteLink(fleet.hosts.get("vm2")!.kernel, linkOf(first, "vxlan")),
  "bridge-missing-with-containers": (fleet, first) => {
    startContainer(fleet.hosts.get("vm1")!, "apps", "web");
    startContainer(fleet.hosts.get("vm1")!, "apps", "db");
    deleteLink(fleet.hosts.get("vm1")!.kernel, linkOf(first, "bridge"));
  },
  "flood-entries-wrong": (fleet, first) => {
    const { kernel } = fleet.hosts.get("vm3")!;
    const device = linkOf(first, "vxlan");
    kernel.fdb = kernel.fdb.filter(
      (entry) => entry.device !== device || entry.mac !== "00:00:00:00:00:00" || entry.destination !== "192.0.2.1",
    );
    kernel.fdb.push({ device, mac: "00:00:00:00:00:00", destination: "192.0.2.77", state: "permanent" });
  },
};

test("D7: what containers notice is said only where there is something to notice", () => {
  const texts = Object.keys(CASES).flatMap((name) =>
    ["steps.txt", "revert.txt"].map((file) => readFileSync(join(FOLDER, name, file), "utf8")),
  );
  expect(texts.join("\n")).toMatch(/\(containers notice: \w/);
  expect(texts.join("\n")).not.toContain("(containers notice: )");
});

describe.each(Object.entries(CASES))("%s", (name, damage) => {
  test("the plan and what would undo it", async () => {
    const read = (file: string) => parseSpec(readFileSync(join(FOLDER, name, file), "utf8"), file).cluster;
    const spec = read("spec.yaml");
    const before = name === "first-apply" ? undefined : read("before.yaml");
    const fleet = createFakeFleet(spec.hosts);
    const first = before === undefined ? undefined : await fleet.plan(before);
    if (first !== undefined) {
      expect((await fleet.apply(first)).outcome).toBe("applied");
      damage(fleet, first);
    }
    const plan = await fleet.plan(spec, first === undefined ? undefined : forgetRemovedHosts(first));
    await expect(`${renderPlan(plan, (_, text) => text, { commands: true })}\n`).toMatchFileSnapshot(join(FOLDER, name, "steps.txt"));
    await expect(`${renderBrief(plan, (_, text) => text)}\n`).toMatchFileSnapshot(join(FOLDER, name, "brief.txt"));
    await expect(await renderRevert(fleet, plan)).toMatchFileSnapshot(join(FOLDER, name, "revert.txt"));
  });
});

function linkOf(plan: Plan, kind: "bridge" | "vxlan"): string {
  const step = plan.hosts[0]!.steps.find((candidate) => candidate.after?.kind === kind)!;
  return step.key.replace("link/", "");
}

/** Stops an apply just before the confirm, as a failed measurement would, and says how each host gets back. */
async function renderRevert(fleet: FakeFleet, plan: Plan): Promise<string> {
  const observe = () => new Map([...fleet.hosts].map(([name, host]) => [name, observeResources(host.snapshot(), plan.clusterUuid)]));
  const initial = observe();
  let text = "";
  const verify = async (): Promise<never[]> => {
    const now = observe();
    const hosts = plan.hosts.flatMap((host) => {
      const touched = new Set(host.steps.filter((step) => step.stage !== "remove").map((step) => step.key));
      const steps = planRevert(initial.get(host.host)!, now.get(host.host)!, touched);
      return steps.length === 0 ? [] : [{ ...host, steps }];
    });
    text = renderPlan({ ...plan, lockChanges: [], hosts }, (_, line) => line, { commands: true });
    throw new Error("stop here");
  };
  await fleet.apply(plan, { verify });
  for (const [name, resources] of observe()) expect([...resources], name).toEqual([...initial.get(name)!]);
  return text === "" ? "nothing\n" : `${text}\n`;
}
