import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ContainerTarget } from "../../src/verify/measure/measurements.ts";
import { verifyCluster } from "../../src/verify/verify-cluster.ts";
import { createVerifyLab, TABLE, type VerifyLab } from "./verify-lab.ts";

/** A container as the kernel sees it: a process in a network namespace with a veth on the bridge. */
let lab: VerifyLab;
let web: ContainerTarget;
let db: ContainerTarget;
const processes: ChildProcess[] = [];

beforeAll(async () => {
  lab = await createVerifyLab(2);
  web = await startContainer("vm1", "web", "10.64.1.130");
  db = await startContainer("vm2", "db", "10.64.2.130");
}, 60_000);
afterAll(async () => {
  await Promise.all(processes.map(endProcess));
  await lab?.destroy();
}, 60_000);

/** Ends with its stdin, so that it cannot outlive the test; its namespace and veth pair go with it. */
async function startContainer(host: string, container: string, address: string): Promise<ContainerTarget> {
  const child = spawn("nsenter", [
    `--net=/run/netns/${lab.namespaceOf(host)}`,
    "--",
    "unshare",
    "--net",
    "--",
    "sh",
    "-c",
    "echo ready; exec cat",
  ]);
  processes.push(child);
  await once(child.stdout, "data");
  const pid = child.pid as number;
  await lab.ip(
    host,
    `link add veth-${container} mtu 1450 type veth peer name eth0 netns ${pid} mtu 1450`,
    `link set veth-${container} master br-a up`,
  );
  await inContainer(host, pid, "ip", "addr", "add", `${address}/16`, "dev", "eth0");
  await inContainer(host, pid, "ip", "link", "set", "eth0", "up");
  return { host, network: "apps", container, address, pid };
}

function inContainer(host: string, pid: number, ...argv: string[]): Promise<string> {
  return lab.exec(host, "nsenter", `--net=/proc/${pid}/ns/net`, "--", ...argv);
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "close");
  child.stdin?.end();
  await ended;
}

const TIMEOUT_MS = 60_000;
const verify = () => verifyCluster(lab.target, lab.connections, { nftTable: TABLE, replyMs: 800, containers: [web, db] });

test("running containers are measured in their own namespaces", { timeout: TIMEOUT_MS }, async () => {
  const report = await verify();
  expect(report.failures).toEqual([]);
  expect(report.containers.map(({ name, pairs }) => [name, pairs.map(({ from, to }) => `${from} ${to}`)])).toEqual([
    ["apps", ["web db", "db web"]],
  ]);
  for (const pair of report.containers[0]?.pairs ?? []) {
    expect(pair).toMatchObject({ reachable: true, mtuBytes: 1450 });
    expect(pair.rttMs).toBeGreaterThan(0);
  }
});

test("container: one that does not answer, though the hosts' probes do", { timeout: TIMEOUT_MS }, async () => {
  await lab.nft("vm2", "table bridge cut { chain f { type filter hook forward priority 0; ip daddr 10.64.2.130 drop; }; }");
  const report = await verify().finally(() => lab.nft("vm2", "delete table bridge cut"));
  expect(report.failures.map(({ check, what }) => `${check} ${what}`)).toEqual(["container db@vm2 <-> web@vm1 on network apps"]);
  expect(report.failures[0]?.try).toContain("bridge link");
});

test("container: one whose own interface is too small", { timeout: TIMEOUT_MS }, async () => {
  await inContainer("vm1", web.pid, "ip", "link", "set", "eth0", "mtu", "1400");
  const report = await verify().finally(() => inContainer("vm1", web.pid, "ip", "link", "set", "eth0", "mtu", "1450"));
  const [failure] = report.failures.filter(({ where }) => where === "web@vm1");
  expect(report.failures.every(({ check }) => check === "container")).toBe(true);
  expect(failure?.why).toContain(
    "packets of up to 1400 bytes pass, 1450 bytes are promised: an interface or route of web@vm1 says MTU 1400",
  );
  expect(failure?.try).toContain("docker network disconnect");
});

test("container: one that ended meanwhile is said once", { timeout: TIMEOUT_MS }, async () => {
  const gone = processes.at(-1) as ChildProcess;
  await endProcess(gone);
  const report = await verify();
  expect(report.failures).toMatchObject([{ check: "endpoint", where: "vm2" }]);
  expect(report.failures[0]?.why).toContain(`/proc/${db.pid}/ns/net`);
  expect(report.failures[0]?.try).toContain("may have ended meanwhile");
});
