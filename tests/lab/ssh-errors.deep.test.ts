import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { VERSION } from "../../src/util/version.ts";
import { footprintChanges } from "./cluster-lab.ts";
import { createSshLab, sshHostLines, type SshLab } from "./ssh-lab.ts";

const spec = (hosts: string): string => `
version: 1
cluster: remote
hosts:
${hosts}
networks:
  apps: { subnet: 10.64.0.0/22, addressing: { slicePrefix: 26 }, docker: none }
`;
const FOLDER = "/usr/local/lib/spanwire";

let lab: SshLab;
beforeAll(async () => {
  lab = await createSshLab({ docker: "none", spec: spec(sshHostLines(3)) });
});
afterAll(() => lab?.down());

/** vm1 is well, vm2 is reached as said; answers what `plan` says of vm2. vm1 is planned all the same. */
async function problemOf(destination: string, env: Record<string, string> = {}): Promise<{ kind: string; why: string; try: string }> {
  await lab.writeSpec(spec(`${sshHostLines(1)}\n  vm2: { address: 10.99.0.2, ssh: "${destination}" }`));
  const result = await lab.overSsh(["plan", "--json"], env);
  expect(result.exitCode, result.stderr).toBe(1);
  const plan = JSON.parse(result.stdout) as Plan;
  expect(plan.hosts.map(({ host }) => host)).toEqual(["vm1"]);
  expect(plan.warnings.map(({ where }) => where)).toEqual(["vm2"]);
  const { kind, why, try: advice } = plan.warnings[0]!;
  return { kind, why, try: advice };
}

const filesOf = async (host: string): Promise<string> => (await lab.login(host, `find ${FOLDER} 2>/dev/null; :`)).stdout;

describe("the way to a host", () => {
  test("nobody listens at the port", async () => {
    expect(await problemOf("ssh://root@192.168.250.2:9")).toEqual({
      kind: "unreachable",
      why: "192.168.250.2 refuses connections to port 9: no SSH server listens there",
      try: "start sshd on the host, or name its port with ssh: ssh://USER@HOST:PORT",
    });
  });

  test("no way, no name, no answer", async () => {
    expect(await problemOf("root@192.0.2.1")).toEqual({
      kind: "unreachable",
      why: "there is no way from here to 192.0.2.1",
      try: "check that the host is switched on, and this machine's routes",
    });
    expect((await problemOf("no-such-host.invalid")).why).toBe("no address is known for the name no-such-host.invalid");
    await lab.on(
      "vm2",
      "nft",
      "add table inet t; add chain inet t c { type filter hook input priority 0; }; add rule inet t c tcp dport 2299 drop",
    );
    expect((await problemOf("ssh://root@192.168.250.2:2299")).why).toBe("192.168.250.2 did not answer on port 2299 within 10 s");
    await lab.on("vm2", "nft", "delete table inet t");
  });
});

test("through a jump host of ~/.ssh/config", async () => {
  await lab.writeSpec(spec(`${sshHostLines(1)}\n  vm2: { address: 10.99.0.2, ssh: vm2-by-jump }`));
  const planned = await lab.mustOverSsh("plan", "--json");
  const { hosts, warnings } = JSON.parse(planned.stdout) as Plan;
  expect([hosts.map(({ host }) => host), warnings]).toEqual([["vm1", "vm2"], []]);
  await lab.login("vm2", `rm -r ${FOLDER}`); // the tests below look at what a failure leaves
});

describe("keys", () => {
  test("an unknown host key is not accepted, and not remembered", async () => {
    await lab.serve("vm2", 2201);
    const known = readFileSync(join(lab.desk, "known_hosts"), "utf8");
    expect(await problemOf("vm2-unknown")).toEqual({
      kind: "refused",
      why: "the host key of never-seen is not known here, and unknown keys are not accepted",
      try: "connect once with `ssh vm2-unknown` and compare the fingerprint with the host's own",
    });
    expect(readFileSync(join(lab.desk, "known_hosts"), "utf8")).toBe(known);
  });

  test("a man in the middle gets no credential and no data", async () => {
    // vm3 answers under the name of vm2, with a key of its own, and would take any password and any key
    const log = await lab.serve("vm3", 2202, "LogLevel DEBUG3", "PasswordAuthentication yes", "KbdInteractiveAuthentication yes");
    expect(await problemOf("vm2-in-the-middle")).toEqual({
      kind: "refused",
      why: expect.stringMatching(
        /^the host key of vm2-in-the-middle is not the ED25519 key in \S+known_hosts line 2: either the host was installed anew, or somebody stands in between; nothing was sent$/,
      ),
      try: expect.stringContaining("compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the host's own console"),
    });
    const seen = readFileSync(log, "utf8");
    expect(seen).toMatch(/SSH2_MSG_NEWKEYS sent|rekey out|kex_/i); // it did speak with us
    expect(seen).not.toMatch(/userauth|Accepted|session opened/i);
  });

  test("a key that the host does not know", async () => {
    await lab.serve("vm2", 2203, "AuthorizedKeysFile /dev/null");
    expect(await problemOf("vm2-without-key")).toEqual({
      kind: "refused",
      why: "vm2-without-key does not let us in (it takes publickey)",
      try: "make `ssh -o BatchMode=yes vm2-without-key true` work: a key in your agent or ~/.ssh, and its public half in the host's authorized_keys",
    });
  });
});

describe("what the host lacks", () => {
  test("sudo", async () => {
    expect(await problemOf("bare@vm2")).toEqual({
      kind: "unsupported",
      why: "bare@vm2 is not root and may not use sudo without a password",
      try: "log in as root, or allow it in a file of /etc/sudoers.d: USER ALL=(root) NOPASSWD: ALL",
    });
    expect(await filesOf("vm2")).toBe("");
  });

  test("space: nothing is left", async () => {
    await lab.login("vm2", "fallocate -l 150M /usr/local/lib/full");
    expect(await problemOf("vm2")).toEqual({
      kind: "unsupported",
      why: `there is no space for the host program in ${FOLDER}; nothing was left there`,
      try: "make room for 120 MB on that file system",
    });
    expect(await filesOf("vm2")).toBe("");
    await lab.login("vm2", "rm /usr/local/lib/full");
  });

  test("a kernel, an architecture, sha256sum", async () => {
    const fake = (lines: string): string => `printf "#!/bin/sh\\n${lines}\\n" >/usr/local/bin/uname; chmod 755 /usr/local/bin/uname`;
    await lab.login("vm2", fake("case $1 in -m) echo x86_64;; *) echo 4.19.0-27-amd64;; esac".replaceAll("$", "\\$")));
    expect(await problemOf("vm2")).toEqual({
      kind: "unsupported",
      why: "its kernel is 4.19.0-27-amd64, and 5.10 is the oldest whose VXLAN and nftables do what a plan relies on",
      try: "install a newer kernel, or leave the host out",
    });
    await lab.login("vm2", fake("case $1 in -m) echo riscv64;; *) echo 6.1.0;; esac".replaceAll("$", "\\$")));
    expect((await problemOf("vm2")).why).toBe("it is of architecture riscv64, and the host program here is built for x86_64");
    await lab.login("vm2", "rm /usr/local/bin/uname; mount --bind /dev/null /usr/bin/sha256sum");
    expect((await problemOf("vm2")).why).toBe("the host has no sha256sum, so what is placed there cannot be checked");
    await lab.login("vm2", "umount /usr/bin/sha256sum");
    expect(await filesOf("vm2")).toBe("");
  });

  test("B60: what answers is no host program: megabytes, escape sequences, half a line", async () => {
    await lab.serve("vm2", 2204, `ForceCommand head -c 3000000 /dev/urandom; printf "\\033[2J\\n{"; exit 7`);
    const { kind, why } = await problemOf("vm2-garbage");
    expect([kind, why]).toEqual(["unreachable", "ssh vm2-garbage: it ended (exit 7)"]);
  });
});

test("as a user with sudo: the peer survives sudo, all verbs work, and --purge takes the host program away", async () => {
  await lab.writeSpec(spec(sshHostLines(3, "ops@")));
  const before = await lab.footprints();
  expect((await lab.mustOverSsh("apply", "--yes")).stdout).toBe("Done: vm1, vm2, vm3.\n");
  await lab.mustOverSsh("verify");
  const audit = await lab.login(
    "ops@vm1",
    "sudo -n sh -c 'stat -c %a:%U /var/lib/spanwire/audit.jsonl; tail -n 1 /var/lib/spanwire/audit.jsonl'",
  );
  expect(audit.stdout).toMatch(/^600:root\n\{"at":"20[^"]+","planId":"[0-9a-f]{16}","operator":"root@[^"]+","event":"finished"\}\n$/);
  const recorded = readFileSync(join(lab.desk, "state/spanwire/audit.jsonl"), "utf8").trim().split("\n");
  expect(recorded.map((line) => JSON.parse(line) as object)).toMatchObject([{ event: "begin" }, { event: "end", outcome: "applied" }]);
  const hello = await lab.login(
    "ops@vm1",
    `echo '{"id":1,"method":"hello"}' | sudo -n ${FOLDER}/${VERSION}/spanwire host --peer "\${SSH_CONNECTION%% *}"`,
  );
  expect(JSON.parse(hello.stdout)).toMatchObject({ result: { version: VERSION, peer: "192.168.250.254" } });
  const destroyed = await lab.mustOverSsh("destroy", "--yes", "--purge");
  expect(destroyed.stdout).toBe("Done: vm1, vm2, vm3.\nThe host program is removed: vm1, vm2, vm3.\n");
  expect(footprintChanges(before, await lab.footprints())).toEqual([]);
  for (const host of ["vm1", "vm2", "vm3"]) expect(await filesOf(host)).toBe("");
});

test("an executable that was changed on the host is not started, but placed again", async () => {
  await lab.writeSpec(spec(sshHostLines(1)));
  const file = `${FOLDER}/${VERSION}/spanwire`;
  await lab.mustOverSsh("plan");
  await lab.login("vm1", `printf '#!/bin/sh\\ntouch /run/started\\n' >${file}`);
  const planned = await lab.mustOverSsh("plan");
  expect(planned.stderr).toContain(`vm1: placing spanwire ${VERSION}`);
  expect((await lab.login("vm1", `ls /run/started; stat -c %s ${file}`)).stdout).toMatch(/^\d{9}\n$/);
});
