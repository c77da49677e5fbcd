import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Check, VerifyFailure, VerifyReport } from "../../src/verify/report/report.ts";
import { verifyCluster, verifyPairs, type VerifyOptions } from "../../src/verify/verify-cluster.ts";
import { createVerifyLab, OUTSIDE, SWITCH, TABLE, type VerifyLab } from "./verify-lab.ts";

/** Breaks one property after the other in a real network and sees exactly that check of `verify` fail. */
let lab: VerifyLab;
beforeAll(async () => {
  lab = await createVerifyLab(3);
}, 60_000);
afterAll(async () => {
  await lab?.destroy();
}, 60_000);

const TIMEOUT_MS = 60_000;
const FLOOD = ["00:00:00:00:00:00", "dev", "vx-a", "dst"];

function verify(options: VerifyOptions = {}): Promise<VerifyReport> {
  return verifyCluster(lab.target, lab.connections, { nftTable: TABLE, replyMs: 800, ...options });
}

/** Breaks, verifies, repairs; the repair also runs when the assertion that follows will fail. */
async function verifyBroken(breakIt: () => Promise<unknown>, repair: () => Promise<unknown>): Promise<VerifyReport> {
  try {
    await breakIt();
    return await verify();
  } finally {
    await repair();
  }
}

/** Exactly one failure, of this check: one cause must not become a storm. */
function onlyFailure(report: VerifyReport, check: Check): VerifyFailure {
  expect(
    report.failures.map((failure) => failure.check),
    JSON.stringify(report.failures, null, 1),
  ).toEqual([check]);
  expect(report.ok).toBe(false);
  return report.failures[0] as VerifyFailure;
}

async function probeLinks(): Promise<string[]> {
  const found = await Promise.all(lab.hosts.map((host) => lab.exec(host, "ip", "-br", "link")));
  return found.flatMap((text) => text.split("\n").filter((line) => line.startsWith("spwp")));
}

test("a whole network passes every check and verify leaves nothing behind", { timeout: TIMEOUT_MS }, async () => {
  const report = await verify();
  expect(report.failures).toEqual([]);
  expect(report).toMatchObject({ version: 1, ok: true, notTested: [] });
  expect(report.networks.map(({ name, pairs }) => [name, pairs.length])).toEqual([
    ["apps", 6],
    ["legacy", 6],
  ]);
  for (const pair of report.networks.flatMap(({ pairs }) => pairs)) {
    expect(pair).toMatchObject({ tested: true, reachable: true, mtuBytes: 1450, copies: 1, duplicates: 0, gatewayReachable: true });
    expect(pair.rttMs).toBeGreaterThan(0);
  }
  expect(report.isolation).toEqual([
    { a: "apps", b: "legacy", leaks: [] },
    { a: "legacy", b: "apps", leaks: [] },
  ]);
  expect(await probeLinks()).toEqual([]);
});

test("reach: tunnel packets dropped between two hosts", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () =>
      lab.nft("vm1", "table inet cut { chain in { type filter hook input priority -10; ip saddr 192.168.77.3 udp dport 8472 drop; }; }"),
    () => lab.nft("vm1", "delete table inet cut"),
  );
  const failure = onlyFailure(report, "reach");
  expect(failure).toMatchObject({ kind: "verify", what: "vm1 <-> vm3 on networks apps, legacy" });
  expect(failure.why).toContain("the underlay answers");
  expect(failure.try).toContain("UDP port 8472 pass between 192.168.77.1 and 192.168.77.3");
});

test("reach: a host cut off from the underlay is one line, not six", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => lab.ip(SWITCH, "link set vm3 down"),
    () => lab.ip(SWITCH, "link set vm3 up"),
  );
  const failure = onlyFailure(report, "reach");
  expect(failure.what).toBe("vm3: vm1 <-> vm3, vm2 <-> vm3 on networks apps, legacy");
  expect(failure.why).toContain("does not answer on the underlay either");
});

test("mtu: a port between bridge and tunnel is too small, the underlay is not", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => lab.ip("vm2", "link set vx-a mtu 1300"),
    () => lab.ip("vm2", "link set vx-a mtu 1450", "link set br-a mtu 1450"),
  );
  const failure = onlyFailure(report, "mtu");
  expect(failure.what).toContain("on network apps");
  // A bridge forwards 4 bytes more than the port's MTU, room for a VLAN tag (is_skb_forwardable in the kernel).
  expect(failure.why).toContain("up to 1304 bytes pass, 1450 bytes are promised");
  expect(failure.try).toContain("below MTU 1450");
  const pair = report.networks[0]?.pairs.find(({ from, to }) => from === "vm1" && to === "vm2");
  expect(pair).toMatchObject({ reachable: true, mtuBytes: 1304 });
});

test("underlay: a switch that drops large packets silently", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () =>
      lab.nft(
        SWITCH,
        "table bridge cut { chain f { type filter hook forward priority 0; iifname vm3 ip length > 1400 drop; oifname vm3 ip length > 1400 drop; }; }",
      ),
    () => lab.nft(SWITCH, "delete table bridge cut"),
  );
  const failure = onlyFailure(report, "underlay");
  expect(failure.what).toBe("vm1 <-> vm3, vm2 <-> vm3");
  expect(failure.why).toBe(
    "the underlay carries 1400 bytes unfragmented, the networks need 1500: larger packets are dropped silently, no ICMP error comes back",
  );
  expect(failure.try).toBe(
    "raise the underlay MTU between vm1 and vm3 to 1500, or set mtu: 1350 for network apps and mtu: 1350 for network legacy in the file",
  );
  expect(report.networks.flatMap(({ pairs }) => pairs.filter(({ to }) => to === "vm3").map(({ mtuBytes }) => mtuBytes))).toEqual([
    1350, 1350, 1350, 1350,
  ]);
});

test("underlay: an interface that says it is too small", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => Promise.all([lab.ip("vm2", "link set eth0 mtu 1400"), lab.ip(SWITCH, "link set vm2 mtu 1400")]),
    () => Promise.all([lab.ip("vm2", "link set eth0 mtu 1500"), lab.ip(SWITCH, "link set vm2 mtu 1500", "link set phy mtu 1500")]),
  );
  const failure = onlyFailure(report, "underlay");
  expect(failure).toMatchObject({ what: "vm1 <-> vm2, vm2 <-> vm3", where: "vm2" });
  expect(failure.why).toContain("networks need 1500: an interface or route of vm2 says MTU 1400");
});

test("fragments: outer fragments arrive during the test", { timeout: TIMEOUT_MS }, async () => {
  const flood = spawn("nsenter", [
    `--net=/run/netns/${lab.namespaceOf("vm1")}`,
    "--",
    "ping",
    "-q",
    "-i",
    "0.02",
    "-s",
    "3000",
    "192.168.77.2",
  ]);
  const ended = once(flood, "close");
  const report = await verify().finally(() => flood.kill());
  await ended;
  const failure = onlyFailure(report, "fragments");
  expect(failure.what).toBe("vm1, vm2"); // the echoes come back in fragments too
  expect(failure.why).toMatch(/^\d+ fragments of tunnel packets arrived/);
});

test("duplicates: two copies by a second flood entry to the same host", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    async () => {
      await lab.ip("vm2", "addr add 192.168.77.102/24 dev eth0");
      await lab.exec("vm1", "bridge", "fdb", "append", ...FLOOD, "192.168.77.102");
    },
    async () => {
      await lab.exec("vm1", "bridge", "fdb", "del", ...FLOOD, "192.168.77.102");
      await lab.ip("vm2", "addr del 192.168.77.102/24 dev eth0");
    },
  );
  const failure = onlyFailure(report, "duplicates");
  expect(failure.what).toBe("vm1 -> vm2 on network apps");
  expect(failure.why).toContain("2 copies of one broadcast arrive at vm2: duplicate flood entry");
  expect(failure.try).toContain("spanwire plan");
  expect(report.networks[0]?.pairs.find(({ from, to }) => from === "vm1" && to === "vm2")).toMatchObject({ copies: 2, duplicates: 1 });
});

test("duplicates: no copy where broadcasts are filtered", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () =>
      lab.nft("vm3", "table bridge cut { chain f { type filter hook forward priority 0; ip daddr 255.255.255.255 iifname vx-a drop; }; }"),
    () => lab.nft("vm3", "delete table bridge cut"),
  );
  const failure = onlyFailure(report, "duplicates");
  expect(failure.what).toBe("vm1 -> vm3, vm2 -> vm3 on network apps");
  expect(failure.why).toContain("no copy of a broadcast arrives, though unicast passes");
});

test("duplicates: a broadcast that comes back to its sender", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    async () => {
      // A mirror: a second bridge that sends everything back through the port it came in by.
      await lab.ip("vm1", "link add br-m type bridge mcast_snooping 0", "link add mirror0 type veth peer name mirror1");
      await lab.exec("vm1", "sysctl", "-qw", "net.ipv4.conf.br-m.arp_ignore=1");
      await lab.ip("vm1", "link set mirror0 master br-a", "link set mirror1 master br-m");
      await lab.ip("vm1", "link set mirror0 type bridge_slave learning off", "link set mirror1 type bridge_slave hairpin on learning off");
      await lab.ip("vm1", "link set br-m up", "link set mirror1 up", "link set mirror0 up");
    },
    () => lab.ip("vm1", "link del mirror0", "link del br-m"),
  );
  // a loop also teaches the other hosts wrong ways to the sender, so other questions may go unanswered too
  const failures = report.failures.filter(({ check }) => !["mtu", "reach", "gateway"].includes(check));
  expect(failures).toMatchObject([
    { check: "duplicates", what: "network apps (vm1, vm2, vm3)", why: "a broadcast comes back to its sender (1 copy): there is a loop" },
  ]);
});

test("source: packets arrive with another address than they were sent with", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () =>
      lab.nft(
        "vm1",
        "table bridge cut { chain f { type filter hook forward priority 0; oifname vx-a meta l4proto udp ip saddr set 10.64.1.99; }; }",
      ),
    () => lab.nft("vm1", "delete table bridge cut"),
  );
  const failure = onlyFailure(report, "source");
  expect(failure.what).toBe("vm1 -> vm2, vm1 -> vm3 on network apps");
  expect(failure.why).toMatch(/^what 10\.64\.1\.\d+ on vm1 sends arrives at vm[23] as 10\.64\.1\.99: a NAT rule changes it on the way$/);
});

test("gateway: the host's own overlay address is filtered", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => lab.nft("vm2", "table inet cut { chain in { type filter hook input priority -10; ip daddr 10.64.2.1 drop; }; }"),
    () => lab.nft("vm2", "delete table inet cut"),
  );
  const failure = onlyFailure(report, "gateway");
  expect(failure.what).toBe("vm2: vm1 -> vm2, vm3 -> vm2 on network apps");
  expect(failure.why).toContain("10.64.2.1 does not answer");
});

test("egress: masquerade is missing on one host", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => lab.nft("vm1", `flush chain inet ${TABLE} nat`),
    () => lab.nft("vm1", `add rule inet ${TABLE} nat ip saddr 10.64.0.0/16 ip daddr != 10.64.0.0/16 masquerade`),
  );
  const failure = onlyFailure(report, "egress");
  expect(failure).toMatchObject({ what: "network apps on vm1", why: `the host reaches ${OUTSIDE}, its endpoints do not` });
});

test("egress: a network that promises none gets out", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () =>
      lab.nft(
        "vm2",
        `insert rule inet ${TABLE} forward iifname br-b ip daddr ${OUTSIDE} accept comment "hole"\nadd rule inet ${TABLE} nat ip saddr 10.65.0.0/16 masquerade`,
      ),
    () => lab.nft("vm2", `flush chain inet ${TABLE} forward\nflush chain inet ${TABLE} nat\n${FORWARD_AND_NAT}`),
  );
  const failure = onlyFailure(report, "egress");
  expect(failure).toMatchObject({ what: "network legacy on vm2", why: `egress is none, but endpoints reach ${OUTSIDE}` });
});

test("egress: an outside that the host itself does not see is not tested, and not passed", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => lab.ip(SWITCH, `addr del ${OUTSIDE}/24 dev phy`),
    () => lab.ip(SWITCH, `addr add ${OUTSIDE}/24 dev phy`),
  );
  expect(report.failures).toEqual([]);
  expect(report.notTested.filter((text) => text.startsWith("outside of "))).toHaveLength(6);
});

test("isolation: hosts forward between two networks", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => lab.nft("vm1", `flush chain inet ${TABLE} forward\nadd rule inet ${TABLE} forward iifname br-b oifname eth0 drop`),
    () => lab.nft("vm1", `flush chain inet ${TABLE} forward\nflush chain inet ${TABLE} nat\n${FORWARD_AND_NAT}`),
  );
  const failure = onlyFailure(report, "isolation");
  expect(failure.what).toBe("networks apps and legacy (gateway, unicast)");
  expect(failure.why).toContain("hosts forward between the two");
  expect(report.isolation[0]?.leaks).toContainEqual({ how: "unicast", from: "vm1", to: "vm3", address: "10.65.3.2" });
});

test("isolation: a host answers ARP for another network's address", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => lab.exec("vm2", "sysctl", "-qw", "net.ipv4.conf.br-a.arp_ignore=0"),
    () => lab.exec("vm2", "sysctl", "-qw", "net.ipv4.conf.br-a.arp_ignore=1"),
  );
  const failure = onlyFailure(report, "isolation");
  expect(failure.what).toBe("networks apps and legacy (arp)");
  expect(failure.why).toBe("vm2 answers for 10.65.2.1 on the other network's segment");
  expect(failure.try).toContain("sysctl net.ipv4.conf.br-a.arp_ignore");
});

test("isolation: a cable between two bridges", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => lab.ip("vm1", "link add leak0 type veth peer name leak1", "link set leak0 master br-a up", "link set leak1 master br-b up"),
    () => lab.ip("vm1", "link del leak0"),
  );
  const failure = onlyFailure(report, "isolation");
  expect(failure.what).toContain("arp, broadcast");
  expect(failure.why).toContain("the two share a segment");
  expect(failure.try).toContain("find the link that joins br-a and br-b");
  expect(report.isolation.every(({ leaks }) => leaks.length > 0)).toBe(true);
});

test("endpoint: a missing bridge is said once, the rest is measured", { timeout: TIMEOUT_MS }, async () => {
  const report = await verifyBroken(
    () => lab.ip("vm2", "link set br-b down", "link set br-b name gone"),
    () => lab.ip("vm2", "link set gone name br-b", "link set br-b up"),
  );
  const failure = onlyFailure(report, "endpoint");
  expect(failure).toMatchObject({ where: "vm2", why: "bridge br-b is missing or takes no port" });
  expect(report.networks[0]?.pairs.every(({ mtuBytes }) => mtuBytes === 1450)).toBe(true);
  expect(report.notTested).toContain("legacy: vm1 -> vm2");
});

test("host: one that cannot be reached is a failure of its own, the rest goes on", { timeout: TIMEOUT_MS }, async () => {
  const some = new Map([...lab.connections].filter(([host]) => host !== "vm3"));
  const report = await verifyCluster(lab.target, some, { nftTable: TABLE, replyMs: 800 });
  expect(onlyFailure(report, "host")).toMatchObject({ kind: "unreachable", where: "vm3" });
  expect(report.networks[0]?.pairs.find(({ from, to }) => from === "vm1" && to === "vm2")).toMatchObject({
    reachable: true,
    mtuBytes: 1450,
  });
  expect(report.notTested).toContain("apps: vm1 -> vm3");
});

test("light: reach and packet size only, no failure on a whole network", { timeout: TIMEOUT_MS }, async () => {
  expect((await verifyPairs(lab.target, lab.connections)).failures).toEqual([]);
  const failures = await lab
    .nft("vm1", "table inet cut { chain in { type filter hook input priority -10; udp dport 8472 drop; }; }")
    .then(async () => (await verifyPairs(lab.target, lab.connections, { replyMs: 800 })).failures)
    .finally(() => lab.nft("vm1", "delete table inet cut"));
  expect(failures.map(({ check, what }) => [check, what])).toEqual([["reach", "vm1: vm1 <-> vm2, vm1 <-> vm3 on networks apps, legacy"]]);
});

test("after all of that the network is whole again", { timeout: TIMEOUT_MS }, async () => {
  expect((await verify()).failures).toEqual([]);
  expect(await probeLinks()).toEqual([]);
});

const FORWARD_AND_NAT = `
add rule inet ${TABLE} forward iifname br-a oifname br-b drop
add rule inet ${TABLE} forward iifname br-b oifname br-a drop
add rule inet ${TABLE} forward iifname br-b oifname != br-b drop
add rule inet ${TABLE} nat ip saddr 10.64.0.0/16 ip daddr != 10.64.0.0/16 masquerade
`;
