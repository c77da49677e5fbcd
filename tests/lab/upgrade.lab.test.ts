import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run, type RunResult } from "../../src/util/run.ts";
import { createClusterLab, hostLines, type ClusterLab, type Container } from "./cluster-lab.ts";
import { createTraffic } from "./container-traffic.ts";
import { fetchFormerProgram, type FormerProgram } from "./former-program.ts";
import { until } from "./until.ts";

/**
 * Networks made by the program before 0.2, with containers that talk all the time, are taken over by this one: step by step,
 * each test begins where the one before ended.
 */
const SPEC = `
version: 1
cluster: upgrade
hosts:
${hostLines(2)}
networks:
  apps: { subnet: 10.64.0.0/16 }
  own: { subnet: 10.65.0.0/16, addressing: { mode: per-host } }
  build: { subnet: 10.66.0.0/16, dataplane: { type: ovs, tunnel: gre }, egress: none }
`;
const former = await fetchFormerProgram();
const isMissing = typeof former === "string";
if (typeof former === "string") process.stdout.write(`not tested: upgrade: ${former}\n`);

let cluster: ClusterLab;
let containers: Container[] = [];

beforeAll(async () => {
  if (typeof former === "string") return;
  cluster = await createClusterLab({ docker: "host", hosts: 2, ovs: "auto", spec: SPEC });
});
afterAll(async () => {
  await cluster?.down();
  if (typeof former !== "string") await former.remove();
});

const runFormer = (...argv: string[]): Promise<RunResult> =>
  run([process.execPath, (former as FormerProgram).main, ...argv], {
    cwd: cluster.directory,
    env: { SPANWIRE_LAB: cluster.lab.runId, NO_COLOR: "1" },
    timeoutMs: 240_000,
  });

test.skipIf(isMissing)("the former program builds three networks, and takes a change back that nobody confirms", async () => {
  const applied = await runFormer("apply");
  expect(applied.stderr + applied.stdout).toContain("Done: vm1, vm2.");
  for (const network of ["apps", "own", "build"]) {
    for (const host of ["vm1", "vm2"])
      containers.push(await cluster.startContainer(host, `${network}-${host}`, network, "--restart", "always"));
  }
  await cluster.writeSpec(`${SPEC}  extra: { subnet: 10.67.0.0/16 }\n`);
  expect((await runFormer("try", "--no-verify", "--confirm-within", "2")).exitCode).toBe(1);
  await cluster.writeSpec(SPEC);
  expect(JSON.parse(await readFile(cluster.lockPath, "utf8"))).toMatchObject({ version: 1 });
});

/** Pings from one container to another, from before something happens until after it: how many replies, and which are missing. */
async function pingWhile(from: Container, to: Container, act: () => Promise<void>): Promise<{ count: number; lost: string[] }> {
  const { namespace } = cluster.lab.hosts[Number(from.host.slice(2)) - 1]!;
  const argv = [`--net=/run/netns/${namespace}`, "--", "nsenter", `--net=/proc/${from.pid}/ns/net`, "--", "ping", "-i", "0.02", to.address];
  const child = spawn("nsenter", argv, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    const replies = (): number => text.split("icmp_seq=").length - 1;
    await until(
      async () => replies(),
      (count) => count >= 3,
    );
    await act();
    const done = replies();
    await until(
      async () => replies(),
      (count) => count > done,
    );
  } finally {
    child.kill("SIGINT");
    await ended;
  }
  const seen = [...text.matchAll(/icmp_seq=(\d+)/g)].map(([, number]) => Number(number));
  const all = Array.from({ length: seen.at(-1)! - seen[0]! }, (_, index) => seen[0]! + index);
  return {
    count: seen.length,
    lost: all.filter((number) => !seen.includes(number)).map((number) => `${to.name} ${number} of ${all.length}`),
  };
}

/** Both ends of each of these networks talk while something happens, and no reply is missing. */
async function expectNoLoss(networks: readonly string[], act: () => Promise<void>): Promise<void> {
  const watched = networks
    .map((network) => containers.filter(({ name }) => name.startsWith(network)))
    .reduce<() => Promise<void>>(
      (inner, [one, two]) =>
        async () => {
          const { count, lost } = await pingWhile(one!, two!, inner);
          expect(lost).toEqual([]);
          expect(count).toBeGreaterThan(50);
        },
      act,
    );
  await watched();
}

test.skipIf(isMissing)("this program has nothing to do, writes the lock in its own form, and no packet is lost", async () => {
  await expectNoLoss(["apps", "own", "build"], async () => {
    expect(await cluster.planKeys()).toEqual({});
    expect((await cluster.must("apply", "--yes")).stdout).toContain("Nothing to do");
    expect((await cluster.must("status")).stdout).toContain("No drift");
  });
  // Probes are links that come and go. The lab's Open vSwitch has no kernel datapath: in userspace it reads its routing table
  // anew at each of them (lib/route-table.c, name_table_change), and loses what it would send to a tunnel meanwhile.
  await expectNoLoss(["apps", "own"], async () => {
    expect((await cluster.must("verify")).stdout).toContain("verified: every measured promise holds");
  });
  const lock = await cluster.readLock();
  expect(lock.version).toBe(2);
  expect(Object.values(lock.networks).map(({ dataplane, addressing }) => [dataplane.type, addressing])).toEqual([
    ["vxlan", "slices"],
    ["ovs", "slices"],
    ["vxlan", "per-host"],
  ]);
});

test.skipIf(isMissing)("the former program refuses the new lock in one sentence", async () => {
  const { exitCode, stderr } = await runFormer("plan");
  expect(exitCode).toBe(1);
  expect(stderr).toContain("it is of version 2, and this program knows version 1");
  expect(stderr).not.toContain("    at ");
});

test.skipIf(isMissing)("a host that loses power comes back from the former program's restore point", async () => {
  await cluster.must("lab", "reboot", "h1", "--run", cluster.lab.runId);
  const read = async (name: string): Promise<number> => Number(await cluster.on("vm1", "docker", "inspect", "-f", "{{.State.Pid}}", name));
  const back: Container[] = [];
  for (const container of containers) {
    if (container.host !== "vm1") back.push(container);
    else
      back.push({
        ...container,
        pid: await until(
          () => read(container.name),
          (pid) => pid > 0,
          60_000,
        ),
      });
  }
  containers = back;
  expect(await cluster.planKeys()).toEqual({});
  const traffic = createTraffic(cluster);
  for (const network of ["apps", "own", "build"]) {
    const [one, two] = containers.filter(({ name }) => name.startsWith(network));
    expect(await traffic.findPeerAddress(one!, two!)).toBe(one!.address);
  }
  for (const { host, name } of containers) await cluster.on(host, "docker", "rm", "-f", name);
  expect((await cluster.must("destroy", "--yes")).exitCode).toBe(0);
});
