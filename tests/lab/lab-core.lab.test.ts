import { mkdirSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { requestDocker } from "../../src/util/docker-request.ts";
import { ensureLab } from "../../src/lab/ensure-lab.ts";
import { IMAGE } from "../../src/lab/lab-names.ts";
import { findLab, type LabHost, type LabState, listLabs } from "../../src/lab/lab-state.ts";
import { readLabStatus } from "../../src/lab/lab-status.ts";
import { startLab } from "../../src/lab/start-lab.ts";
import { stopLab } from "../../src/lab/stop-lab.ts";
import { run, type RunResult } from "../../src/util/run.ts";
import { findTraces, killLabUp, uniqueRunId } from "./lab-traces.ts";
import { until } from "./until.ts";

const runIds: string[] = [];
const newRunId = (): string => {
  const runId = uniqueRunId();
  runIds.push(runId);
  return runId;
};

afterEach(async () => {
  for (const runId of runIds.splice(0)) await stopLab(runId);
});

const inHost = (host: LabHost, ...argv: string[]): Promise<RunResult> => run(["ip", "netns", "exec", host.namespace, ...argv]);
const hostAt = (lab: LabState, index: number): LabHost => {
  const host = lab.hosts[index - 1];
  if (host === undefined) throw new Error(`no host ${index}`);
  return host;
};
const pings = async (from: LabHost, address: string): Promise<boolean> =>
  (await inHost(from, "ping", "-c3", "-i0.5", "-W1", address)).exitCode === 0;

describe("lab without Docker", () => {
  test("hosts reach each other, the gateway and the outside; down leaves nothing", async () => {
    const runId = newRunId();
    expect(await findTraces(runId)).toEqual([]);
    const lab = await startLab({ runId, hosts: 2, docker: "none" });
    const [one, two] = [hostAt(lab, 1), hostAt(lab, 2)];
    for (const address of [two.address, two.managementAddress, "10.99.0.254", "198.51.100.1"]) expect(await pings(one, address)).toBe(true);
    expect((await readLabStatus(runId)).state).toBe("up");
    expect(listLabs()).toContain(runId);
    expect(await findTraces(runId)).not.toEqual([]);
    expect(await stopLab(runId)).toBe(true);
    expect(await findTraces(runId)).toEqual([]);
    expect(await stopLab(runId)).toBe(false);
  });

  test("the outside does not answer an overlay address, only a masqueraded one", async () => {
    const lab = await startLab({ runId: newRunId(), hosts: 1, docker: "none" });
    const host = hostAt(lab, 1);
    await inHost(host, "ip", "address", "add", "10.64.1.1/24", "dev", "lo");
    expect((await inHost(host, "ping", "-c1", "-W1", "-I", "10.64.1.1", "198.51.100.1")).exitCode).toBe(1);
    await inHost(
      host,
      "nft",
      "add table ip t; add chain ip t c { type nat hook postrouting priority 100; }; add rule ip t c ip saddr 10.64.1.1 masquerade",
    );
    expect((await inHost(host, "ping", "-c1", "-W1", "-I", "10.64.1.1", "198.51.100.1")).exitCode).toBe(0);
  });

  test("two labs side by side do not see each other", async () => {
    const [a, b] = await Promise.all([newRunId(), newRunId()].map((runId) => startLab({ runId, hosts: 2, docker: "none" })));
    if (a === undefined || b === undefined) throw new Error("no lab");
    // Address 2 of lab a stops answering in a, while the same address in b goes on.
    await inHost(hostAt(a, 2), "ip", "link", "set", "eth0", "down");
    expect(await pings(hostAt(a, 1), "10.99.0.2")).toBe(false);
    expect(await pings(hostAt(b, 1), "10.99.0.2")).toBe(true);
    await stopLab(a.runId);
    expect(await findTraces(a.runId)).toEqual([]);
    expect(await pings(hostAt(b, 1), "10.99.0.2")).toBe(true);
  });

  test("a foreign namespace of the wanted name is refused and left alone", async () => {
    const runId = newRunId();
    await run(["ip", "netns", "add", `spx-${runId}-h2`]);
    try {
      await expect(startLab({ runId, hosts: 2, docker: "none" })).rejects.toThrow(`not this lab's: spx-${runId}-h2`);
      await stopLab(runId);
      expect(await findTraces(runId)).toEqual([`namespace spx-${runId}-h2`, expect.stringMatching(/^mount /)]);
    } finally {
      await run(["ip", "netns", "delete", `spx-${runId}-h2`]);
    }
  });

  test("down ends what still runs in a host", async () => {
    const runId = newRunId();
    const lab = await startLab({ runId, hosts: 1, docker: "none" });
    const host = hostAt(lab, 1);
    const left = inHost(host, "sleep", "600");
    await until(
      () => run(["ip", "netns", "pids", host.namespace]),
      ({ stdout }) => stdout !== "",
    );
    await stopLab(runId);
    expect((await left).signal).toBe("SIGKILL");
    expect(await findTraces(runId)).toEqual([]);
  });

  test("up again: the same shape is already up, another shape is refused", async () => {
    const runId = newRunId();
    await startLab({ runId, hosts: 1, docker: "none" });
    expect((await ensureLab({ runId, hosts: 1, docker: "none" })).outcome).toBe("already-up");
    await expect(ensureLab({ runId, hosts: 2, docker: "none" })).rejects.toThrow("another shape (1 host, docker none, ovs none, MTU 1500");
  });
});

describe("a crash in the middle of up", () => {
  test.for([0, 10, 20, 30, 45, 60])("without Docker, %i ms after it began: down leaves nothing", async (afterMs) => {
    const runId = newRunId();
    await killLabUp({ runId, hosts: 20, docker: "none" }, /^wiring/, afterMs);
    expect(findLab(runId)?.phase).toBe("starting");
    await stopLab(runId);
    expect(await findTraces(runId)).toEqual([]);
  });

  test.for([
    ["starting", 60],
    ["starting", 300],
    ["starting", 800],
    ["h\\d: Docker", 0],
  ] as const)("with Docker, at %s + %i ms: down leaves nothing", async ([phrase, afterMs]) => {
    const runId = newRunId();
    await killLabUp({ runId, hosts: 2, docker: "host" }, new RegExp(`^${phrase}`), afterMs);
    await stopLab(runId);
    expect(await findTraces(runId)).toEqual([]);
  });

  test("up removes the half lab and starts again", async () => {
    const runId = newRunId();
    await killLabUp({ runId, hosts: 20, docker: "none" }, /^wiring/, 20);
    expect((await readLabStatus(runId)).state).toBe("broken");
    const { lab, outcome } = await ensureLab({ runId, hosts: 2, docker: "none" });
    expect(outcome).toBe("restarted");
    expect(await pings(hostAt(lab, 1), "10.99.0.2")).toBe(true);
  });
});

describe("lab with Docker", () => {
  const docker = (host: LabHost, ...argv: string[]): Promise<RunResult> => run(["docker", "-H", `unix://${host.dockerSocket}`, ...argv]);

  test("containers run from the image on each host's own daemon; down leaves nothing of them", async () => {
    const runId = newRunId();
    const lab = await startLab({ runId, hosts: 2, docker: "host" });
    const [one, two] = [hostAt(lab, 1), hostAt(lab, 2)];
    const ping = await docker(one, "run", "--rm", IMAGE, "ping", "-c3", "-W1", "198.51.100.1");
    expect(ping.stdout).toMatch(/[1-3] packets received/);
    // The three that outlive a careless stop: one that is restarted, one that is frozen, one outside the bridge.
    expect((await docker(one, "run", "-d", "--restart", "always", IMAGE, "sleep", "600")).exitCode).toBe(0);
    expect((await docker(one, "run", "-d", "--name", "frozen", IMAGE, "sleep", "600")).exitCode).toBe(0);
    expect((await docker(one, "pause", "frozen")).exitCode).toBe(0);
    expect((await docker(two, "run", "-d", "--network", "none", IMAGE, "sleep", "600")).exitCode).toBe(0);
    const counts = (await readLabStatus(runId)).hosts.map((host) => host.runningContainers);
    expect(counts).toEqual([2, 1]);
    await stopLab(runId);
    expect(await findTraces(runId)).toEqual([]);
  });

  test("a daemon that cannot start: its last words are in the problem, and nothing is left", async () => {
    const runId = newRunId();
    // What dockerd wants to be a socket is a directory with something in it.
    const onProgress = (phrase: string): void => {
      if (phrase.startsWith("starting")) mkdirSync(`/var/lib/spanwire-lab/${runId}/h1/docker.sock/x`, { recursive: true });
    };
    const failing = startLab({ runId, hosts: 1, docker: "host", onProgress });
    await expect(failing).rejects.toThrow(/starting dockerd on h1: it ended \(exit 1\); its last words:[^]*docker\.sock/);
    expect(await findTraces(runId)).toEqual([]);
  });

  test("an aborted up leaves nothing", async () => {
    const runId = newRunId();
    const abort = new AbortController();
    const started = startLab({
      runId,
      hosts: 2,
      docker: "host",
      signal: abort.signal,
      onProgress: (phrase) => void (phrase.startsWith("starting") && abort.abort()),
    });
    await expect(started).rejects.toThrow("aborted");
    expect(await findTraces(runId)).toEqual([]);
  });

  test("the daemon writes nothing into the machine's own /etc/docker and /opt", async () => {
    const lab = await startLab({ runId: newRunId(), hosts: 1, docker: "host" });
    const answer = await requestDocker(hostAt(lab, 1).dockerSocket, "GET", "/info");
    expect(answer.status).toBe(200);
    const found = await run(["find", "/etc/docker", "/opt", "-newer", `/run/spanwire-lab/${lab.runId}`, "-maxdepth", "2"]);
    expect(found.stdout).toBe("");
  });
});
