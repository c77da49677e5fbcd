import fc from "fast-check";
import { expect, test } from "vitest";
import { createHealthy, createTarget } from "./healthy.fixture.ts";
import { judge } from "./judge.ts";
import type { ContainerRow, Measurements } from "../measure/measurements.ts";
import type { Check, VerifyFailure } from "../report/report.ts";

const HOSTS = ["vm1", "vm2", "vm3", "vm4"];
const target = createTarget(HOSTS, [
  { name: "apps", egress: "masquerade" },
  { name: "legacy", egress: "none" },
]);

/** Breaks one row, chosen by number, and names the check that must notice. */
const BREAKAGES: Record<string, { check: Check; rows(seen: Measurements): number; apply(seen: Measurements, row: number): void }> = {
  "a pair gets no reply": {
    check: "reach",
    rows: (seen) => seen.pairs.length,
    apply: (seen, row) => Object.assign(at(seen.pairs, row), { received: 0, rttMs: null, fullPassed: false }),
  },
  "a pair is too narrow": {
    check: "mtu",
    rows: (seen) => seen.pairs.length,
    apply: (seen, row) => Object.assign(at(seen.pairs, row), { fullPassed: false, foundMtuBytes: 1400 }),
  },
  "the underlay is too narrow": {
    check: "underlay",
    rows: (seen) => seen.underlay.length,
    apply: (seen, row) => Object.assign(at(seen.underlay, row), { fullPassed: false, foundMtuBytes: 1400 }),
  },
  "fragments are counted": {
    check: "fragments",
    rows: (seen) => seen.fragments.length,
    apply: (seen, row) => Object.assign(at(seen.fragments, row), { after: 8 }),
  },
  "a packet arrives with another source": {
    check: "source",
    rows: (seen) => seen.sources.length,
    apply: (seen, row) => Object.assign(at(seen.sources, row), { source: "192.0.2.1" }),
  },
  "a gateway is silent": {
    check: "gateway",
    rows: (seen) => seen.gateways.length,
    apply: (seen, row) => Object.assign(at(seen.gateways, row), { reached: false }),
  },
  "a broadcast is lost": {
    check: "duplicates",
    rows: (seen) => own(seen).length,
    apply: (seen, row) => Object.assign(at(own(seen), row), { copies: 0 }),
  },
  "a broadcast is doubled": {
    check: "duplicates",
    rows: (seen) => own(seen).length,
    apply: (seen, row) => Object.assign(at(own(seen), row), { copies: 2 }),
  },
  "a broadcast comes back": {
    check: "duplicates",
    rows: (seen) => returned(seen).length,
    apply: (seen, row) => Object.assign(at(returned(seen), row), { copies: 1 }),
  },
  "a broadcast leaks": {
    check: "isolation",
    rows: (seen) => foreign(seen).length,
    apply: (seen, row) => Object.assign(at(foreign(seen), row), { copies: 1 }),
  },
  "a packet leaks": {
    check: "isolation",
    rows: (seen) => seen.isolation.length,
    apply: (seen, row) => Object.assign(at(seen.isolation, row), { leaked: true }),
  },
  "egress is not as promised": {
    check: "egress",
    rows: (seen) => seen.egress.length,
    apply: (seen, row) => Object.assign(at(seen.egress, row), { fromEndpoint: !at(seen.egress, row).fromEndpoint }),
  },
};

function at<T>(rows: readonly T[], index: number): T {
  const row = rows[index];
  if (row === undefined) throw new Error(`no row ${index}`);
  return row;
}
const own = (seen: Measurements): Measurements["broadcasts"] => seen.broadcasts.filter(({ a, b, from, to }) => a === b && from !== to);
const returned = (seen: Measurements): Measurements["broadcasts"] => seen.broadcasts.filter(({ a, b, from, to }) => a === b && from === to);
const foreign = (seen: Measurements): Measurements["broadcasts"] => seen.broadcasts.filter(({ a, b }) => a !== b);

function failuresOf(change: (seen: Measurements) => void): readonly VerifyFailure[] {
  const seen = createHealthy(target);
  change(seen);
  return judge(target, seen).failures;
}

test("a flawless run passes, and everything was tested", () => {
  const report = judge(target, createHealthy(target));
  expect(report).toMatchObject({ version: 1, ok: true, failures: [], notTested: [] });
  expect(report.networks.map(({ pairs }) => pairs.length)).toEqual([12, 12]);
  expect(report.isolation).toEqual([
    { a: "apps", b: "legacy", leaks: [] },
    { a: "legacy", b: "apps", leaks: [] },
  ]);
});

test.each(Object.entries(BREAKAGES))("%s: each single broken measurement makes exactly its check fail, in one line", (_, breakage) => {
  const rows = breakage.rows(createHealthy(target));
  expect(rows).toBeGreaterThan(0);
  for (let row = 0; row < rows; row++) {
    const failures = failuresOf((seen) => breakage.apply(seen, row));
    expect(failures.map(({ check }) => check)).toEqual([breakage.check]);
    for (const text of ["doing", "what", "where", "why", "try"] as const) expect(failures[0]?.[text]).not.toBe("");
  }
});

test("any mix of broken measurements never passes, whatever the order of the rows", () => {
  const names = Object.keys(BREAKAGES);
  const mix = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat()), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(mix, (chosen) => {
      const broken = createHealthy(target);
      for (const [name, number] of chosen) {
        const breakage = BREAKAGES[name];
        if (breakage !== undefined) breakage.apply(broken, number % breakage.rows(broken));
      }
      const report = judge(target, broken);
      // Egress broken twice is whole again: the only breakage that is its own inverse.
      if (chosen.some(([name]) => name !== "egress is not as promised")) expect(report.ok).toBe(false);
      const reversed = {
        ...broken,
        fragments: broken.fragments.toReversed(),
        isolation: broken.isolation.toReversed(),
        broadcasts: broken.broadcasts.toReversed(),
      };
      expect(judge(target, reversed)).toEqual(report);
    }),
    { numRuns: 50 },
  );
});

test("a pair that is not reachable is not also too narrow, doubled, or without gateway", () => {
  const failures = failuresOf((seen) => {
    Object.assign(at(seen.pairs, 0), { received: 0, fullPassed: false });
    Object.assign(at(seen.gateways, 0), { reached: false });
    Object.assign(at(own(seen), 0), { copies: 0 });
  });
  expect(failures.map(({ check }) => check)).toEqual(["reach"]);
});

test("a host that is cut off is one line that names it", () => {
  const failures = failuresOf((seen) => {
    for (const row of [...seen.pairs, ...seen.underlay]) {
      if (row.from === "vm3" || row.to === "vm3") Object.assign(row, { received: 0, fullPassed: false });
    }
  });
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatchObject({
    check: "reach",
    what: "vm3: vm1 <-> vm3, vm2 <-> vm3, vm3 <-> vm4 on networks apps, legacy",
    why: "no reply in the overlay, and 192.0.2.3 does not answer on the underlay either",
    try: "check cable, address and firewall of the underlay: `ping 192.0.2.3` on vm1",
  });
});

test("an underlay that is too narrow explains the overlay and the fragments", () => {
  const failures = failuresOf((seen) => {
    for (const row of [...seen.pairs, ...seen.underlay]) {
      if ([row.from, row.to].toSorted().join() === "vm1,vm3")
        Object.assign(row, { fullPassed: false, foundMtuBytes: "network" in row ? 1350 : 1400 });
    }
    Object.assign(at(seen.fragments, 2), { after: 90 });
  });
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatchObject({
    check: "underlay",
    what: "vm1 <-> vm3",
    try: "raise the underlay MTU between vm1 and vm3 to 1500, or set mtu: 1350 for network apps and mtu: 1350 for network legacy in the file",
  });
});

test("an underlay that answers no ping is named as not tested, and suspected when the overlay is narrow", () => {
  const seen = createHealthy(target);
  for (const row of seen.underlay) Object.assign(row, { received: 0, fullPassed: false });
  const report = judge(target, seen);
  expect(report.ok).toBe(true);
  expect(report.notTested).toContain("underlay packet size vm1 -> vm2: no reply to pings on the underlay (ICMP filtered?)");
  Object.assign(at(seen.pairs, 0), { fullPassed: false, foundMtuBytes: 1300 });
  expect(judge(target, seen).failures[0]?.try).toContain("suspect its MTU: it must be 1500 between vm1 and vm2, or set mtu: 1300");
});

test("who refuses a packet decides the words", () => {
  const why = (change: object): string | undefined =>
    failuresOf((seen) => Object.assign(at(seen.underlay, 0), { fullPassed: false, foundMtuBytes: 1400, ...change }))[0]?.why;
  expect(why({})).toContain("larger packets are dropped silently");
  expect(why({ tooBigMtuBytes: 1400, fullError: "Frag needed and DF set (mtu = 1400) (from 192.0.2.9)" })).toContain(
    "ICMP says MTU 1400 (from 192.0.2.9)",
  );
  expect(why({ tooBigMtuBytes: 1400, fullError: "local error: message too long, mtu=1400" })).toContain(
    "an interface or route of vm1 says MTU 1400",
  );
});

test("a few copies are a double entry, many are a loop", () => {
  const of = (copies: number): string | undefined => failuresOf((seen) => Object.assign(at(own(seen), 0), { copies }))[0]?.why;
  expect(of(2)).toContain("duplicate flood entry");
  expect(of(23_700)).toContain("loop");
});

test("what was not measured does not pass: lost host, missing endpoint, silent bug", () => {
  const problem = { kind: "unreachable" as const, doing: "verifying", what: "vm4", where: "vm4", why: "gone", try: "look" };
  const lost = createHealthy(target);
  lost.hostProblems.push({ host: "vm4", problems: [problem, problem] });
  expect(judge(target, lost).failures).toEqual([{ ...problem, check: "host" }]);
  expect(judge(target, lost).notTested).toContain("apps: vm1 -> vm4");
  expect(failuresOf((seen) => seen.pairs.splice(0, 1)).map(({ kind }) => kind)).toEqual(["bug"]);
});

test("an outside nobody knows, or that the host does not see, is not tested", () => {
  const seen = createHealthy(target);
  Object.assign(at(seen.egress, 0), { address: null, fromEndpoint: false });
  Object.assign(at(seen.egress, 1), { fromHost: false, fromEndpoint: false });
  const report = judge(target, seen);
  expect(report.ok).toBe(true);
  expect(report.notTested.map((text) => text.slice(0, 22))).toEqual(["outside of apps on vm1", "outside of apps on vm2"]);
});

test("leaks name their cause: a shared segment, a host that answers, a host that forwards", () => {
  const find = (how: string, of: string) => (seen: Measurements) =>
    Object.assign(
      at(
        seen.isolation.filter((row) => row.how === how),
        0,
      ),
      { leaked: true, of },
    );
  expect(failuresOf(find("arp", "probe"))[0]?.why).toContain("share a segment");
  expect(failuresOf(find("arp", "gateway"))[0]?.try).toContain("net.ipv4.conf.br-apps.arp_ignore");
  expect(failuresOf(find("unicast", "probe"))[0]?.why).toContain("hosts forward between the two");
});

test("containers: their own failure, unless the hosts' probes failed already", () => {
  const container = (host: string, name: string, address: string) => ({ host, network: "apps", container: name, address, pid: 4242 });
  const [web, db] = [container("vm1", "web", "10.64.1.130"), container("vm2", "db", "10.64.2.130")];
  const row: ContainerRow = { ...at(createHealthy(target).pairs, 0), network: "apps", from: web, to: db, promisedBytes: 1450 };
  const narrow = {
    ...row,
    fullPassed: false,
    foundMtuBytes: 1400,
    tooBigMtuBytes: 1400,
    fullError: "local error: message too long, mtu=1400",
  };
  const back = { ...row, from: db, to: web };
  expect(judge(target, { ...createHealthy(target), containers: [row] })).toMatchObject({
    ok: true,
    containers: [{ name: "apps", pairs: [{ from: "web", to: "db", fromHost: "vm1", toHost: "vm2", reachable: true, mtuBytes: 1450 }] }],
  });
  const inAnyOrder = judge(target, { ...createHealthy(target), containers: [back, row] }).containers[0]!.pairs;
  expect(inAnyOrder.map(({ from, to }) => `${from} ${to}`)).toEqual(["web db", "db web"]); // by host
  expect(failuresOf((seen) => seen.containers.push(narrow, back))[0]).toMatchObject({
    check: "container",
    what: "web@vm1 -> db@vm2 on network apps",
  });
  const silent = { ...row, received: 0, fullPassed: false };
  expect(failuresOf((seen) => seen.containers.push(silent, back)).map(({ check }) => check)).toEqual(["container"]);
  const both = failuresOf((seen) => {
    seen.containers.push(silent, back);
    Object.assign(at(seen.pairs, 0), { received: 0, fullPassed: false });
  });
  expect(both.map(({ check }) => check)).toEqual(["reach"]);
});
