import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { askDaemons, killDaemon, startHostDaemon } from "../../src/lab/host/daemons.ts";
import { hostEnvironment } from "../../src/lab/host/host-environment.ts";
import { healLab } from "../../src/lab/heal-lab.ts";
import { readFaults, setHostMtu } from "../../src/lab/lab-faults.ts";
import { IMAGE } from "../../src/lab/lab-names.ts";
import { getLabHost, type LabHost, type LabState } from "../../src/lab/lab-state.ts";
import { readLabStatus } from "../../src/lab/lab-status.ts";
import { startLab } from "../../src/lab/start-lab.ts";
import { stopLab } from "../../src/lab/stop-lab.ts";
import { run, type RunResult } from "../../src/util/run.ts";
import { demand } from "./cluster-lab.ts";
import { findTraces, killLabUp, uniqueRunId } from "./lab-traces.ts";
import { until } from "./until.ts";

const runId = uniqueRunId();
let lab: LabState;
let h1: LabHost;
let h2: LabHost;

beforeAll(async () => {
  lab = await startLab({ runId, hosts: 2, docker: "host", ovs: "netdev" });
  [h1, h2] = [getLabHost(lab, "h1"), getLabHost(lab, "h2")];
});
afterAll(() => stopLab(runId));

const inHost = (host: LabHost, ...argv: string[]): Promise<RunResult> =>
  run(["nsenter", `--net=/run/netns/${host.namespace}`, "--", ...argv], { env: hostEnvironment(lab, host) });
const must = async (host: LabHost, ...argv: string[]): Promise<string> => demand(await inHost(host, ...argv)).stdout;
const ping = (from: LabHost, address: string, packetBytes = 100): Promise<RunResult> =>
  inHost(from, "ping", "-M", "do", "-c3", "-i0.2", "-W1", "-s", String(packetBytes - 28), address);
const passes = async (from: LabHost, address: string, packetBytes?: number): Promise<boolean> =>
  (await ping(from, address, packetBytes)).stdout.includes("3 packets transmitted, 3 received, 0%");
const answers = async (host: LabHost): Promise<Record<string, boolean>> =>
  Object.fromEntries((await askDaemons(lab, host)).map(({ daemon, version }) => [daemon, version !== null]));

describe("the underlay on a bridge of the userspace switch", () => {
  test("ovs-vsctl in a host speaks with the host's own Open vSwitch, without an option", async () => {
    await must(h1, "ovs-vsctl", "set", "Open_vSwitch", ".", "external_ids:probe=h1");
    onTestFinished(async () => void (await must(h1, "ovs-vsctl", "remove", "Open_vSwitch", ".", "external_ids", "probe")));
    expect(await must(h1, "ovs-vsctl", "--if-exists", "get", "Open_vSwitch", ".", "external_ids:probe")).toBe("h1\n");
    expect(await must(h2, "ovs-vsctl", "--if-exists", "get", "Open_vSwitch", ".", "external_ids:probe")).toBe("\n");
    expect(await must(h2, "ovs-vsctl", "get", "bridge", "br-phy", "datapath_type")).toBe("netdev\n");
  });

  test("address, MTU and MAC of the data card are on br-phy, and every ping is answered once", async () => {
    const links = JSON.parse(await must(h1, "ip", "-json", "address", "show")) as {
      ifname: string;
      address: string;
      mtu: number;
      addr_info: { family: string; local: string }[];
    }[];
    const [card, bridge] = ["eth0", "br-phy"].map((name) => links.find((link) => link.ifname === name));
    expect(card?.addr_info).toEqual([]);
    expect([bridge?.address, bridge?.mtu]).toEqual([card?.address, 1500]);
    expect(bridge?.addr_info).toContainEqual(expect.objectContaining({ local: "10.99.0.1" }));
    for (const [from, to] of [[h1, h2] as const, [h2, h1] as const]) {
      const pinged = await until(
        () => ping(from, to.address, 1500),
        ({ stdout }) => stdout.includes("3 packets transmitted, 3 received, 0%"),
      );
      expect(pinged.stdout).not.toContain("DUP");
    }
    expect((await ping(h1, "198.51.100.1")).stdout).not.toContain("DUP");
  });

  test("TCP from the switch's own stack connects: its checksums are filled in", async () => {
    const server = spawn(
      "nsenter",
      [
        `--net=/run/netns/${h1.namespace}`,
        process.execPath,
        "-e",
        `require("node:net").createServer((s) => s.pipe(s)).listen(9000, "10.99.0.1", () => process.stdout.write("listening\\n"))`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    onTestFinished(() => void server.kill("SIGKILL"));
    await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
    const client = `const c = require("node:net").connect(9000, "10.99.0.1", () => c.end("hello")); c.pipe(process.stdout)`;
    const argv = ["nsenter", `--net=/run/netns/${lab.switchNamespace}`, process.execPath, "-e", client] as const;
    expect((await run(argv, { timeoutMs: 10_000 })).stdout).toBe("hello");
  });

  test("lab mtu, loud and silent, and heal", async () => {
    await setHostMtu(lab, h2, 1400, false);
    expect((await readFaults(lab)).mtus).toEqual([{ host: "h2", ownMtuBytes: 1400, portMtuBytes: 1500 }]);
    const loud = await ping(h2, h1.address, 1401);
    expect(loud.stdout + loud.stderr).toContain("message too long, mtu=1400");
    // a port that is added makes Open vSwitch choose MTUs again
    await must(h2, "ovs-vsctl", "add-port", "br-phy", "extra", "--", "set", "interface", "extra", "type=internal");
    expect((await readFaults(lab)).mtus).toEqual([{ host: "h2", ownMtuBytes: 1400, portMtuBytes: 1500 }]);
    await must(h2, "ovs-vsctl", "del-port", "br-phy", "extra");
    await healLab(lab);
    await setHostMtu(lab, h2, 1400, true);
    const silent = await ping(h2, h1.address, 1405);
    expect(silent.stdout).toContain("100% packet loss");
    expect(silent.stdout + silent.stderr).not.toMatch(/too long|needed|error/i);
    await healLab(lab);
    await until(
      () => passes(h2, h1.address, 1500),
      (passed) => passed,
    );
    expect(await readFaults(lab)).toEqual({ cuts: [], losses: [], mtus: [] });
  });

  test("a tunnel of the userspace switch takes its UDP port; kernel VXLAN on another port goes on", async () => {
    for (const [host, peer] of [[h1, h2] as const, [h2, h1] as const]) {
      await must(host, "ovs-vsctl", "add-br", "br-t", "--", "set", "bridge", "br-t", "datapath_type=netdev");
      const tunnel = ["type=vxlan", `options:remote_ip=${peer.address}`, "options:key=7"];
      await must(host, "ovs-vsctl", "add-port", "br-t", "vx7", "--", "set", "interface", "vx7", ...tunnel);
      const kernel = ["id", "8", "local", host.address, "remote", peer.address, "dstport", "8472"];
      await must(host, "ip", "link", "add", "vx8", "type", "vxlan", ...kernel);
      for (const [device, net] of [
        ["br-t", 7],
        ["vx8", 8],
      ] as const) {
        await must(host, "ip", "address", "add", `10.200.${net}.${host.index}/24`, "dev", device);
        await must(host, "ip", "link", "set", device, "up");
      }
    }
    onTestFinished(async () => {
      for (const host of [h1, h2]) {
        await must(host, "ovs-vsctl", "del-br", "br-t");
        await must(host, "ip", "link", "delete", "vx8");
      }
    });
    for (const address of ["10.200.7.2", "10.200.8.2"]) {
      await until(
        () => passes(h1, address),
        (passed) => passed,
      );
      expect((await ping(h1, address)).stdout).not.toContain("DUP");
    }
  });
});

describe("kill and start", () => {
  test("ovs-vswitchd: nothing passes, status names it; started again it carries what it carried", async () => {
    await killDaemon(lab, h1, "ovs-vswitchd");
    expect(await answers(h1)).toEqual({ "ovsdb-server": true, "ovs-vswitchd": false, dockerd: true });
    expect((await readLabStatus(runId)).state).toBe("broken");
    expect(await passes(h2, h1.address)).toBe(false);
    await expect(killDaemon(lab, h1, "ovs-vswitchd")).rejects.toThrow("killing ovs-vswitchd on h1: it does not run");
    await startHostDaemon(lab, h1, "ovs-vswitchd");
    await until(
      () => passes(h2, h1.address, 1500),
      (passed) => passed,
    );
    expect((await readLabStatus(runId)).state).toBe("up");
  });

  test("ovsdb-server: heal starts it, with what it held, and traffic goes on", async () => {
    await killDaemon(lab, h2, "ovsdb-server", "TERM");
    expect(await answers(h2)).toEqual({ "ovsdb-server": false, "ovs-vswitchd": true, dockerd: true });
    await healLab(lab);
    expect(await answers(h2)).toEqual({ "ovsdb-server": true, "ovs-vswitchd": true, dockerd: true });
    expect(await must(h2, "ovs-vsctl", "list-br")).toBe("br-phy\n");
    await until(
      () => passes(h1, h2.address, 1500),
      (passed) => passed,
    );
  });

  test("dockerd: its container goes on without it; started again it knows the container", async () => {
    const id = (await must(h1, "docker", "run", "-d", "--init", IMAGE, "sleep", "600")).trim();
    const pid = (await must(h1, "docker", "inspect", "--format", "{{.State.Pid}}", id)).trim();
    await killDaemon(lab, h1, "dockerd");
    expect((await answers(h1))["dockerd"]).toBe(false);
    expect((await inHost(h1, "nsenter", `--net=/proc/${pid}/ns/net`, "true")).exitCode).toBe(0);
    await startHostDaemon(lab, h1, "dockerd");
    expect((await answers(h1))["dockerd"]).toBe(true);
    await must(h1, "docker", "start", id);
    expect((await must(h1, "docker", "inspect", "--format", "{{.State.Running}}", id)).trim()).toBe("true");
    await must(h1, "docker", "rm", "-f", id);
  });

  test("a daemon that hangs does not answer until it is woken", async () => {
    await killDaemon(lab, h2, "dockerd", "STOP");
    expect((await answers(h2))["dockerd"]).toBe(false);
    await startHostDaemon(lab, h2, "dockerd");
    expect((await answers(h2))["dockerd"]).toBe(true);
  });
});

describe("nothing is left", () => {
  test("after down, with bridges and dead daemons", async () => {
    const other = uniqueRunId();
    onTestFinished(async () => void (await stopLab(other)));
    const state = await startLab({ runId: other, hosts: 1, docker: "none", ovs: "netdev" });
    expect((await readLabStatus(other)).state).toBe("up");
    await expect(killDaemon(state, getLabHost(state, "h1"), "dockerd")).rejects.toThrow("have ovsdb-server, ovs-vswitchd");
    await killDaemon(state, getLabHost(state, "h1"), "ovsdb-server");
    await stopLab(other);
    expect(await findTraces(other)).toEqual([]);
  });

  test.for([0, 30, 80, 200])("after a crash of up, %i ms after the switches began to start", async (afterMs) => {
    const other = uniqueRunId();
    onTestFinished(async () => void (await stopLab(other)));
    await killLabUp({ runId: other, hosts: 4, docker: "none", ovs: "netdev" }, /Open vSwitches$/, afterMs);
    await stopLab(other);
    expect(await findTraces(other)).toEqual([]);
  });
});
