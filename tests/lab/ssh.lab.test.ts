import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../../src/util/version.ts";
import { footprintChanges } from "./cluster-lab.ts";
import { createSshLab, sshHostLines, type SshLab } from "./ssh-lab.ts";
import { until } from "./until.ts";

const spec = (user: string): string => `
version: 1
cluster: remote
hosts:
${sshHostLines(3, user)}
networks:
  apps: { subnet: 10.64.0.0/22, addressing: { slicePrefix: 26 } }
`;
const FILE = `/usr/local/lib/spanwire/${VERSION}/spanwire`;

let lab: SshLab;
beforeAll(async () => {
  lab = await createSshLab({ docker: "host", spec: spec("") });
});
afterAll(() => lab?.down());

test("as root: plan places the host program, apply, verify and destroy do the rest over ssh", async () => {
  const before = await lab.footprints();
  const planned = await lab.mustOverSsh("plan");
  expect(planned.stderr).toContain(`vm1: placing spanwire ${VERSION}`);
  expect(planned.stdout).toContain("to add");
  expect((await lab.login("vm1", `stat -c "%a %U:%G" ${FILE} /usr/local/lib/spanwire && ls -A $(dirname ${FILE})`)).stdout).toBe(
    "755 root:root\n755 root:root\nchecked\nspanwire\n",
  );
  const loginsBefore = lab.logins("vm1");
  expect((await lab.mustOverSsh("apply", "--yes")).stdout).toBe("Done: vm1, vm2, vm3.\n");
  // the plan's connection is used again, but a confirm over it would prove nothing
  expect(lab.logins("vm1") - loginsBefore).toBe(1);
  await lab.mustOverSsh("verify");
  expect((await lab.mustOverSsh("status")).stdout).toContain("No drift");
  await lab.mustOverSsh("destroy", "--yes");
  expect(footprintChanges(before, await lab.footprints())).toEqual([]);
});

test("as a user with sudo, also with Docker: containers talk across hosts, and --purge leaves nothing", async () => {
  await lab.writeSpec(spec("ops@"));
  const before = await lab.footprints();
  await lab.mustOverSsh("apply", "--yes");
  const [one, two] = await Promise.all([lab.startContainer("vm1", "one", "apps"), lab.startContainer("vm2", "two", "apps")]);
  expect((await lab.inside(one, "ping", "-c", "1", "-W", "5", two.address)).exitCode).toBe(0);
  await lab.mustOverSsh("verify", "--containers");
  for (const { host, name } of [one, two]) await lab.on(host, "docker", "rm", "-f", name);
  expect((await lab.mustOverSsh("destroy", "--yes", "--purge")).stdout).toContain("The host program is removed: vm1, vm2, vm3.");
  expect(footprintChanges(before, await lab.footprints())).toEqual([]);
  expect((await lab.login("vm1", "ls -d /usr/local/lib/spanwire /var/lib/spanwire")).stdout).toBe("");
});

test.each(["SIGINT", "SIGKILL"] as const)(
  "F03, F05: %s to the command in the middle of an apply: every host goes back by itself",
  async (signal) => {
    const before = await lab.footprints();
    const applying = lab.startOverSsh("apply", "--yes");
    const ended = once(applying, "exit");
    await until(
      () => lab.on("vm1", "ip", "-brief", "link"),
      (links) => links.includes("spwb"),
      120_000,
    );
    applying.kill(signal);
    const [code] = (await ended) as [number | null];
    expect(code).toBe(signal === "SIGINT" ? 130 : null);
    await until(
      async () => footprintChanges(before, await lab.footprints()),
      (changes) => changes.length === 0,
      60_000,
    );
  },
);
