import { expect, test } from "vitest";
import { applied, toCluster, THREE_HOSTS } from "../../tests/fake/plan-case.ts";
import { createFakeFleet, UUID } from "../../tests/fake/fake-fleet.ts";
import { failAt } from "../../tests/fault/faulty-system.ts";
import { stepSchema } from "../host/change/step-schema.ts";
import { buildPlan } from "../plan/build-plan.ts";
import type { Plan } from "../model/plan.ts";
import { findOwnFile, isOwnContent, listOwnFiles, type BootServices } from "./own-files.ts";
import type { Snapshot } from "../model/snapshot.ts";

const services: BootServices = { program: ["/usr/local/lib/spanwire/1.0.0/spanwire"], networkd: true, networkManager: true };
const files = listOwnFiles(UUID, services);

test("F48: one unit restores before Docker and after Open vSwitch, one after Docker; both are enabled", () => {
  const units = files.filter(({ path }) => path.startsWith("/etc/systemd/system/"));
  expect(units.map(({ path }) => path)).toEqual([
    `/etc/systemd/system/spanwire-restore-${UUID}.service`,
    `/etc/systemd/system/spanwire-docker-${UUID}.service`,
    `/etc/systemd/system/multi-user.target.wants/spanwire-restore-${UUID}.service`,
    `/etc/systemd/system/multi-user.target.wants/spanwire-docker-${UUID}.service`,
  ]);
  const [restore, docker, link] = units;
  expect(restore!.content).toContain("After=local-fs.target network.target openvswitch-switch.service openvswitch.service\n");
  expect(restore!.content).not.toContain("network-online.target"); // an uplink that does not come holds nothing up
  expect(restore!.content).toContain("Before=docker.service\n");
  expect(restore!.content).toContain("ExecStart=/usr/local/lib/spanwire/1.0.0/spanwire host restore --early\n");
  expect(docker!.content).toContain("ExecStart=/usr/local/lib/spanwire/1.0.0/spanwire host restore\n");
  expect(docker!.content).toContain(`After=docker.service spanwire-restore-${UUID}.service\n`);
  expect(link!.content).toBe(`../spanwire-restore-${UUID}.service`);
});

test("F41: networkd and NetworkManager are told only where they run", () => {
  expect(files).toHaveLength(7);
  expect(listOwnFiles(UUID, { ...services, networkd: false, networkManager: false })).toHaveLength(4);
  const contents = files.map(({ content }) => content).join("\n");
  for (const line of ["Unmanaged=yes", "ManageForeignRoutes=no", "unmanaged-devices+=interface-name:spw*"])
    expect(contents).toContain(line);
});

test("B43: only our paths, only our contents, no program but one at a plain path", () => {
  for (const { path, content } of files) {
    expect(findOwnFile(path)?.uuid).toBe(UUID);
    expect(isOwnContent(path, content)).toBe(true);
    expect(isOwnContent(path, `${content}#`)).toBe(false);
    expect(isOwnContent(`/tmp/${path}`, content)).toBe(false);
  }
  const [restore] = files;
  for (const program of ["/bin/sh -c reboot;", "sh", "/bin/sh\nExecStartPost=/bin/sh", "/a b;c", "/x $(id)"])
    expect(isOwnContent(restore!.path, listOwnFiles(UUID, { ...services, program: [program] })[0]!.content)).toBe(false);
  for (const path of [
    "/etc/passwd",
    "/etc/systemd/system/ssh.service",
    `/etc/systemd/system/../../cron.d/spanwire-restore-${UUID}.service`,
  ])
    expect(findOwnFile(path)).toBeUndefined();
});

test("the host refuses a step that would write another file, or another content", () => {
  const [restore] = files;
  const step = (path: string, content: string): unknown => ({
    ...{ id: "add/1", stage: "add", action: "add", label: "", before: null, differences: [], impact: "none" },
    ...{ key: `file${path}`, after: { kind: "file", path, content } },
  });
  expect(stepSchema.safeParse(step(restore!.path, restore!.content)).success).toBe(true);
  expect(stepSchema.safeParse(step("/etc/cron.d/x", restore!.content)).success).toBe(false);
  expect(stepSchema.safeParse(step(restore!.path, "[Service]\nExecStart=/bin/sh")).success).toBe(false);
});

/** The plan of the first host when it runs systemd and has these files. */
async function planWith(found: Record<string, string>): Promise<Plan> {
  const { fleet, plan } = await applied();
  const cluster = toCluster(THREE_HOSTS);
  const snapshots = new Map<string, Snapshot>([...fleet.hosts].map(([name, host]) => [name, host.snapshot()]));
  snapshots.set("h1", { ...fleet.hosts.get("h1")!.snapshot(), boot: services, files: found });
  return buildPlan({ cluster, lock: plan.lock!, freshUuid: UUID, snapshots, unreachable: [] });
}

test("files are steps like all others: added first, repaired when somebody edits them, none on a host without systemd", async () => {
  const missing = await planWith({});
  expect(missing.hosts.map(({ host, steps }) => [host, steps.length])).toEqual([
    ["h1", 7],
    ["h2", 0],
    ["h3", 0],
  ]);
  const present = Object.fromEntries(files.map(({ path, content }) => [path, content]));
  expect((await planWith(present)).hosts[0]!.steps).toEqual([]);
  const [edited] = files;
  const repaired = await planWith({ ...present, [edited!.path]: "[Service]\nExecStart=/bin/true\n" });
  expect(repaired.hosts[0]!.steps.map(({ action, key }) => `${action} ${key}`)).toEqual([`change file${edited!.path}`]);
  expect((await planWith({ ...present, "/etc/systemd/system/other.service": "x" })).hosts[0]!.steps).toEqual([]);
});

test("apply writes them, a revert and destroy take them away", async () => {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  for (const host of fleet.hosts.values()) host.boot = services;
  const before = fleet.dump();
  const plan = await fleet.plan(cluster);
  const reverted = await fleet.apply(plan, { wrap: (name, system) => (name === "h2" ? failAt(system, "switch/1", "after") : system) });
  expect(reverted.outcome).toBe("reverted");
  expect(fleet.dump()).toBe(before);
  await fleet.apply(plan);
  for (const host of fleet.hosts.values())
    expect(Object.fromEntries(host.files)).toEqual(Object.fromEntries(files.map((file) => [file.path, file.content])));
  await fleet.destroy(plan.lock!);
  expect(fleet.dump()).toBe(before);
});

test("a host without systemd gets no file; first of all steps where it does", async () => {
  const cluster = toCluster(THREE_HOSTS);
  const fleet = createFakeFleet(cluster.hosts);
  const snapshots = new Map<string, Snapshot>([...fleet.hosts].map(([name, host]) => [name, { ...host.snapshot(), boot: services }]));
  const plan = buildPlan({ cluster, lock: undefined, freshUuid: UUID, snapshots, unreachable: [] });
  const kinds = plan.hosts[0]!.steps.filter(({ stage }) => stage === "add").map(({ after }) => after?.kind);
  expect(kinds.lastIndexOf("file")).toBe(6);
});
