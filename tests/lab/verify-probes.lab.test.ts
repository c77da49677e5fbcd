import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { ParamsOf } from "../../src/rpc/methods.ts";
import type { BatchAnswer } from "../../src/host/probe/methods.ts";
import { formatProbeLink } from "../../src/host/probe/probe.ts";
import type { Connection } from "../../src/transport/connection.ts";
import { openStdioConnection } from "../../src/transport/stdio.ts";
import { createVerifyLab, type VerifyLab } from "./verify-lab.ts";
import { until } from "./until.ts";

/** What a probe leaves behind when things end badly: nothing. */
let lab: VerifyLab;
beforeAll(async () => {
  lab = await createVerifyLab(1);
}, 60_000);
afterAll(async () => {
  await lab?.destroy();
}, 60_000);

const TIMEOUT_MS = 60_000;
const LINK = formatProbeLink("br-a");

function specs(change: object = {}) {
  const [at] = lab.target.networks[0]?.hosts ?? [];
  return {
    probes: [
      {
        network: "apps",
        bridge: at?.bridge,
        cidr: at?.probe,
        mac: at?.probeMac,
        gateway: at?.gateway,
        mtuBytes: 1450,
        mark: "spanwire-probe",
        ...change,
      },
    ],
  };
}

function open(): Connection {
  const namespace = `--net=/run/netns/${lab.namespaceOf("vm1")}`;
  return openStdioConnection("vm1", ["nsenter", namespace, "--", process.execPath, new URL("verify-host.ts", import.meta.url).pathname], {
    advice: "look",
  });
}

async function links(): Promise<string> {
  return lab.exec("vm1", "ip", "-o", "link");
}

/** The kernel removes a dead probe's namespace in the background; `ip monitor` would tell, but may come too late. */
async function awaitNoLink(): Promise<void> {
  await until(links, (found) => !found.includes(LINK));
}

async function start(connection: Connection, change: object = {}): Promise<BatchAnswer | undefined> {
  return (await connection.request("probe.start", specs(change) as ParamsOf<"probe.start">))[0];
}

test("a probe is a marked port of the bridge, and gone after stop", { timeout: TIMEOUT_MS }, async () => {
  const connection = open();
  try {
    expect(await start(connection)).toEqual({ ok: true, result: {} });
    expect(LINK.length).toBeLessThanOrEqual(15);
    expect(await lab.exec("vm1", "ip", "-d", "link", "show", LINK)).toMatch(/mtu 1450 .*master br-a[^]*alias spanwire-probe/);
    expect(await lab.exec("vm1", "sysctl", "-n", `net.ipv6.conf.${LINK}.disable_ipv6`)).toBe("1\n");
    expect(await lab.exec("vm1", "ip", "-6", "route", "show", "table", "local", "dev", LINK)).toBe("");
    await connection.request("probe.stop", {});
    expect(await links()).not.toContain(LINK);
    expect(await start(connection)).toEqual({ ok: true, result: {} }); // and can be had again
  } finally {
    await connection.close();
  }
  await awaitNoLink();
});

async function findPrograms(): Promise<number[]> {
  const pids = (await lab.exec("vm1", "ip", "netns", "pids", lab.namespaceOf("vm1"))).split("\n").filter((pid) => pid !== "");
  const programs = await lab.exec("vm1", "ps", "-o", "pid=,args=", "-p", pids.join(","));
  return programs.split("\n").flatMap((line) => (line.includes("verify-host.ts") ? Number.parseInt(line, 10) : []));
}

test("a host program that is killed takes its probes along", { timeout: TIMEOUT_MS }, async () => {
  const others = await findPrograms(); // the lab's own
  const connection = open();
  try {
    await start(connection);
    const ours = (await findPrograms()).filter((pid) => !others.includes(pid));
    expect(ours).toHaveLength(1);
    process.kill(ours[0] as number, "SIGKILL");
    await awaitNoLink();
  } finally {
    await connection.close();
  }
});

test("two at once: the second is told that another verify is at work, and takes nothing away", { timeout: TIMEOUT_MS }, async () => {
  const [first, second] = [open(), open()];
  try {
    await start(first);
    const answer = await start(second);
    expect(answer).toMatchObject({ ok: false, problems: [{ kind: "conflict" }] });
    expect(JSON.stringify(answer)).toContain("another verify is at work on this host");
    await second.request("probe.stop", {});
    expect(await links()).toContain(LINK);
  } finally {
    await first.close();
    await second.close();
  }
  await awaitNoLink();
});

test(
  "B60: a missing bridge, an address that cannot be, a request that is none: a problem each, and nothing left",
  { timeout: TIMEOUT_MS },
  async () => {
    const connection = open();
    try {
      expect(await start(connection, { bridge: "br-none" })).toMatchObject({
        ok: false,
        problems: [{ kind: "verify", why: "bridge br-none is missing or takes no port" }],
      });
      expect(await start(connection, { gateway: "192.0.2.1" })).toMatchObject({ ok: false, problems: [{ kind: "command" }] });
      for (const change of [{ bridge: "-rf" }, { cidr: "10.0.0.1" }, { mark: "x\nlink del eth0" }, { mac: "zz" }, { surprise: 1 }]) {
        await expect(start(connection, change)).rejects.toMatchObject({ problems: [{ kind: "refused", what: "probe.start" }] });
      }
      const calls = [
        {
          place: { at: "probe", network: "apps" } as const,
          op: "ping" as const,
          params: { targets: ["10.64.1.1"], count: 1, timeoutMs: 100 },
        },
      ];
      expect(await connection.request("probe.batch", { calls })).toMatchObject([
        { ok: false, problems: [{ why: "no probe runs for network apps" }] },
      ]);
      expect(await links()).not.toContain(LINK);
    } finally {
      await connection.close();
    }
  },
);

/** A member with this address; its namespace and veth pair go with its process. */
async function plugIn(port: string, mac: string, cidr: string): Promise<void> {
  const holder = ["unshare", "--net", "--", "sh", "-c", "echo ready; exec cat"];
  const child = spawn("nsenter", [`--net=/run/netns/${lab.namespaceOf("vm1")}`, "--", ...holder], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(async () => {
    const ended = once(child, "close");
    child.stdin.end();
    await ended;
  });
  await once(child.stdout, "data");
  await lab.ip("vm1", `link add ${port} type veth peer name eth0 netns ${child.pid} address ${mac}`, `link set ${port} master br-a up`);
  for (const line of [`addr add ${cidr} dev eth0${cidr.includes(":") ? " nodad" : ""}`, "link set eth0 up"])
    await lab.exec("vm1", "nsenter", `--net=/proc/${child.pid}/ns/net`, "--", "ip", ...line.split(" "));
}

test.each([
  ["ARP", {}, "10.64.1.200", "/16"],
  ["ND", { cidr: "fd00:64::2/64", gateway: "fd00:64::1" }, "fd00:64::200", "/64"],
])("claims: whoever answers by %s is noted, also the second", { timeout: TIMEOUT_MS }, async (how, change, address, length) => {
  const macs = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"];
  for (const [index, mac] of macs.entries()) await plugIn(`${how}${index}`, mac, `${address}${length}`);
  const connection = open();
  try {
    expect(await start(connection, change)).toEqual({ ok: true, result: {} });
    const params = { addresses: [address], waitMs: 1500 };
    const calls = [{ place: { at: "probe", network: "apps" } as const, op: "claims" as const, params }];
    expect(await connection.request("probe.batch", { calls })).toEqual([{ ok: true, result: [{ address, macs }] }]);
  } finally {
    await connection.close();
  }
  await awaitNoLink();
});
