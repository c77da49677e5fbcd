import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../../src/util/version.ts";
import { footprintChanges } from "./cluster-lab.ts";
import { createSshLab, sshHostLines, type SshLab } from "./ssh-lab.ts";

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
  expect((await lab.mustOverSsh("apply")).stdout).toBe("Done: vm1, vm2, vm3.\n");
  await lab.mustOverSsh("verify");
  expect((await lab.mustOverSsh("status")).stdout).toContain("No drift");
  await lab.mustOverSsh("destroy");
  expect(footprintChanges(before, await lab.footprints())).toEqual([]);
});
