import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { healLab } from "../../src/lab/heal-lab.ts";
import { powerOff, powerOn } from "../../src/lab/host/power.ts";
import { cutHosts, loseBetween, readFaults, setHostMtu } from "../../src/lab/lab-faults.ts";
import { getLabHost, type LabHost, type LabState, writeLabState } from "../../src/lab/lab-state.ts";
import { startLab } from "../../src/lab/start-lab.ts";
import { stopLab } from "../../src/lab/stop-lab.ts";
import { createLabTransport } from "../../src/transport/lab.ts";
import { run, type RunResult } from "../../src/util/run.ts";
import { uniqueRunId } from "./lab-traces.ts";
import { until } from "./until.ts";

const runId = uniqueRunId();
let lab: LabState;
let h1: LabHost;
let h2: LabHost;
let h3: LabHost;

beforeAll(async () => {
  lab = await startLab({ runId, hosts: 3, docker: "none" });
  [h1, h2, h3] = [getLabHost(lab, "h1"), getLabHost(lab, "h2"), getLabHost(lab, "h3")];
});
beforeEach(() => healLab(lab));
afterAll(() => stopLab(runId));

const IP_AND_ICMP_BYTES = 28;

/**
 * One packet of exactly this size on the wire, not to be fragmented. It waits longer than a second: a neighbour that was
 * asked for in vain is asked for again only then (arp(7), retrans_time_ms).
 */
const send = (from: LabHost, to: string, packetBytes = 100): Promise<RunResult> =>
  run(["ip", "netns", "exec", from.namespace, "ping", "-M", "do", "-c1", "-W1.5", "-s", String(packetBytes - IP_AND_ICMP_BYTES), to]);
const passes = async (from: LabHost, to: string, packetBytes?: number): Promise<boolean> =>
  (await send(from, to, packetBytes)).exitCode === 0;

const TCP_BYTES = 300_000;

/** Opens a connection (small packets pass), sends, and answers how many bytes arrived until nothing came for three seconds. */
async function sendTcp(from: LabHost, to: LabHost): Promise<number> {
  const server = startInHost(
    to,
    `
    require("node:net").createServer((socket) => {
      let bytes = 0;
      const done = () => process.stdout.write(String(bytes), () => process.exit());
      socket.setTimeout(3000, done).on("data", (chunk) => (bytes += chunk.length)).on("end", done);
    }).listen(9000, "${to.address}", () => process.stdout.write("listening\\n"));
  `,
  );
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("listening");
  const client = startInHost(from, `require("node:net").connect(9000, "${to.address}").end(Buffer.alloc(${TCP_BYTES}))`);
  const bytes = Number((await lines.next()).value);
  client.kill("SIGKILL");
  return bytes;
}

const startInHost = (host: LabHost, program: string): ChildProcessByStdio<null, Readable, null> =>
  spawn("ip", ["netns", "exec", host.namespace, process.execPath, "-e", program], { stdio: ["ignore", "pipe", "ignore"] });

/**
 * Asks until the pairs are these: a neighbour that was asked for in vain while its host was cut off is asked for again only
 * a second later (arp(7), retrans_time_ms), and packets that wait for it are dropped.
 */
const expectReachable = (pairs: readonly string[]): Promise<string[]> => until(reachable, (found) => found.join() === pairs.join());
const ALL_PAIRS = ["h1>h2", "h1>h3", "h2>h1", "h2>h3", "h3>h1", "h3>h2"];

async function reachable(): Promise<string[]> {
  const pairs = [h1, h2, h3].flatMap((from) => [h1, h2, h3].filter((to) => to !== from).map((to) => [from, to] as const));
  const results = await Promise.all(pairs.map(async ([from, to]) => ((await passes(from, to.address)) ? [`${from.name}>${to.name}`] : [])));
  return results.flat();
}

describe("loss", () => {
  /** Of so many questions, answered ones. */
  const answered = async (from: LabHost, to: string, count: number): Promise<number> => {
    const { stdout } = await run(["ip", "netns", "exec", from.namespace, "ping", "-q", "-i0.002", "-W1", `-c${count}`, to]);
    return Number(/(\d+) received/.exec(stdout)![1]);
  };

  test("that share of the frames of one pair is lost, both ways, and 0% ends it", async () => {
    await loseBetween(lab, h2, h1, 30);
    await loseBetween(lab, h2, h3, 12.5);
    expect((await readFaults(lab)).losses).toEqual([
      { hosts: ["h1", "h2"], percent: 30 },
      { hosts: ["h2", "h3"], percent: 12.5 },
    ]);
    expect(await answered(h1, h3.address, 200)).toBe(200);
    // question and answer both pass with 0.7 * 0.7: 490 of 1000, and 350 or 630 are nine standard deviations away
    const passed = await answered(h1, h2.address, 1000);
    expect([passed > 350, passed < 630], String(passed)).toEqual([true, true]);
    await loseBetween(lab, h1, h2, 0);
    expect((await readFaults(lab)).losses).toEqual([{ hosts: ["h2", "h3"], percent: 12.5 }]);
    await healLab(lab);
    expect((await readFaults(lab)).losses).toEqual([]);
  });

  test("a share that is none, and one host for two, are refused", async () => {
    await expect(loseBetween(lab, h1, h1, 5)).rejects.toThrow("that is one host");
    await expect(loseBetween(lab, h1, h2, 101)).rejects.toThrow("not between 0% and 100%");
  });
});

describe("power", () => {
  test("a host without power answers nobody, on neither network, and comes back as it was wired", async () => {
    const holder = startInHost(h2, "setInterval(() => {}, 1000); process.stdout.write('up')");
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    const ended = new Promise((resolve) => holder.once("close", resolve));
    await powerOff(lab, h2);
    await ended;
    expect(await passes(h1, h2.managementAddress)).toBe(false);
    await expectReachable(["h1>h3", "h3>h1"]);
    await powerOn(lab, h2, { restore: false });
    await until(
      () => passes(h1, h2.managementAddress),
      (isUp) => isUp,
    );
    await expectReachable(ALL_PAIRS);
    await powerOff(lab, h2);
    await healLab(lab);
    await expectReachable(ALL_PAIRS);
  });
});

describe("cut and heal", () => {
  test("a cut separates exactly that pair, both ways, on the data network only", async () => {
    await cutHosts(lab, h1, h2);
    await expectReachable(["h1>h3", "h2>h3", "h3>h1", "h3>h2"]);
    expect(await passes(h1, h2.managementAddress)).toBe(true);
    expect(await passes(h1, "198.51.100.1")).toBe(true);
    expect((await readFaults(lab)).cuts).toEqual([["h1", "h2"]]);
  });

  test("cutting twice is as cutting once, and heal undoes all cuts", async () => {
    await cutHosts(lab, h3, h1);
    await cutHosts(lab, h1, h3);
    await cutHosts(lab, h2, h3);
    expect((await readFaults(lab)).cuts).toEqual([
      ["h1", "h3"],
      ["h2", "h3"],
    ]);
    await expectReachable(["h1>h2", "h2>h1"]);
    await healLab(lab);
    await expectReachable(ALL_PAIRS);
    expect(await readFaults(lab)).toEqual({ cuts: [], losses: [], mtus: [] });
  });

  test("a host cannot be cut from itself", async () => {
    await expect(cutHosts(lab, h1, h1)).rejects.toThrow("that is one host");
  });
});

describe("mtu", () => {
  test("loud: the host's own kernel says the packet is too long", async () => {
    await setHostMtu(lab, h2, 1400, false);
    expect((await send(h2, h1.address, 1401)).stderr + (await send(h2, h1.address, 1401)).stdout).toContain("message too long, mtu=1400");
    expect(await passes(h2, h1.address, 1400)).toBe(true);
    expect(await passes(h1, h3.address, 1500)).toBe(true);
    expect((await readFaults(lab)).mtus).toEqual([{ host: "h2", ownMtuBytes: 1400, portMtuBytes: 1500 }]);
  });

  test("silent: larger frames vanish both ways without an error, smaller ones pass, other pairs are not touched", async () => {
    await setHostMtu(lab, h2, 1400, true);
    for (const [from, to] of [[h1, h2] as const, [h2, h1] as const]) {
      const lost = await send(from, to.address, 1401 + 4); // a port lets a VLAN tag's 4 bytes more pass
      expect(lost.stdout).toContain("100% packet loss");
      expect(lost.stdout + lost.stderr).not.toMatch(/too long|needed|error/i);
      expect(await passes(from, to.address, 1400)).toBe(true);
    }
    expect(await passes(h1, h3.address, 1500)).toBe(true);
    expect((await readFaults(lab)).mtus).toEqual([{ host: "h2", ownMtuBytes: 1500, portMtuBytes: 1400 }]);
  });

  test("silent: TCP does not get through either, though its bursts are handed over whole", async () => {
    expect(await sendTcp(h1, h2)).toBe(TCP_BYTES);
    await setHostMtu(lab, h2, 1400, true);
    expect(await sendTcp(h1, h2)).toBe(0);
    expect(await sendTcp(h1, h3)).toBe(TCP_BYTES);
  });

  test("heal gives the whole size back", async () => {
    await setHostMtu(lab, h2, 1400, true);
    await setHostMtu(lab, h1, 1300, false);
    await healLab(lab);
    expect(await passes(h1, h2.address, 1500)).toBe(true);
    expect(await readFaults(lab)).toEqual({ cuts: [], losses: [], mtus: [] });
  });
});

describe("transport", () => {
  /** Answers every line with where it runs and what it was told. */
  const PROGRAM = `
    import { readlinkSync } from "node:fs";
    import { createInterface } from "node:readline";
    createInterface({ input: process.stdin }).on("line", (line) => {
      const { SPANWIRE_HOST_NAME: name, SPANWIRE_STATE_DIR: state, DOCKER_HOST: docker } = process.env;
      const result = { net: readlinkSync("/proc/self/ns/net"), name, state, docker };
      process.stdout.write(JSON.stringify({ jsonrpc: "2.0", id: JSON.parse(line).id, result }) + "\\n");
    });
  `;

  test("opens the program inside the host with that underlay address, whatever the spec calls it", async () => {
    writeLabState({ ...lab, hostProgram: [process.execPath, "--input-type=module", "-e", PROGRAM] });
    const connection = await createLabTransport(runId).open({ name: "vm2", address: h2.address, ssh: h2.address });
    const inode = (await run(["stat", "-L", "-c", "%i", `/run/netns/${h2.namespace}`])).stdout.trim();
    const answer = await connection.request("where" as "hello", {});
    await connection.close();
    expect(answer).toEqual({
      net: `net:[${inode}]`,
      name: "vm2",
      state: `/var/lib/spanwire-lab/${runId}/h2/state`,
      docker: `unix:///var/lib/spanwire-lab/${runId}/h2/docker.sock`,
    });
  });

  test("an address no lab host has is a clear problem", async () => {
    const opening = createLabTransport(runId).open({ name: "vm9", address: "192.0.2.9", ssh: "192.0.2.9" });
    await expect(opening).rejects.toThrow(`a lab host with the address 192.0.2.9 on vm9: lab "${runId}" has none`);
  });
});
