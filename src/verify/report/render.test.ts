import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { createHealthy, createTarget } from "../judge/healthy.fixture.ts";
import { judge } from "../judge/judge.ts";
import type { Measurements } from "../measure/measurements.ts";
import { renderReport } from "./render.ts";
import type { VerifyReport } from "./report.ts";

const NETWORKS = [
  { name: "apps", egress: "masquerade" },
  { name: "legacy", egress: "none" },
] as const;

function report(hosts: readonly string[], change: (seen: Measurements) => void = () => {}): VerifyReport {
  const target = createTarget(hosts, NETWORKS);
  const seen = createHealthy(target);
  change(seen);
  return judge(target, seen);
}

const hosts = (count: number): string[] => Array.from({ length: count }, (_, index) => `host${index + 1}`);

test("a small cluster shows round trips, networks and isolation", () => {
  expect(renderReport(report(["vm1", "vm2", "vm3"]), { columns: 80, colour: false }))
    .toBe(`apps  6 of 6 pairs ok, 1450 bytes without fragments, round trip in ms
       vm1    vm2    vm3
vm1      -   0.20   0.20
vm2   0.20      -   0.20
vm3   0.20   0.20      -
legacy  6 of 6 pairs ok, 1450 bytes without fragments, round trip in ms
       vm1    vm2    vm3
vm1      -   0.20   0.20
vm2   0.20      -   0.20
vm3   0.20   0.20      -
isolation  ok: nothing passes between apps, legacy
verified: every measured promise holds
`);
});

test("each kind of flaw has its cell, each failure its line that ends with what to try", () => {
  const text = renderReport(
    report(["vm1", "vm2", "vm3"], (seen) => {
      Object.assign(seen.pairs[0] as object, { received: 0, fullPassed: false });
      Object.assign(seen.pairs[1] as object, { fullPassed: false, foundMtuBytes: 1304 });
      Object.assign(seen.broadcasts.find(({ a, b, from, to }) => a === b && from === "vm2" && to === "vm1") as object, { copies: 2 });
      Object.assign(seen.gateways[3] as object, { reached: false });
      Object.assign(seen.isolation[0] as object, { leaked: true });
      Object.assign(seen.egress[0] as object, { address: null });
    }),
    { columns: 80, colour: false },
  );
  expect(text.split("\n").slice(0, 5)).toEqual([
    "apps  2 of 6 pairs ok, 1450 bytes without fragments, round trip in ms",
    "       vm1    vm2    vm3",
    "vm1      -   FAIL    mtu",
    "vm2  bcast      -     gw",
    "vm3   0.20   0.20      -",
  ]);
  expect(text).toContain("isolation  LEAK: apps -> legacy\n");
  expect(text).toContain("not tested  outside of apps on vm1: no egress.check");
  const failures = text.split("\n").filter((line) => line.startsWith("FAIL "));
  expect(failures).toHaveLength(5);
  for (const line of failures) expect(line).toMatch(/^FAIL [a-z]+: .+: .+; try: .+/);
  expect(text.trimEnd().split("\n").at(-1)).toBe("not verified: 5 failures; 1 not tested, for the reasons above");
});

test.each([20, 50, 120])("%i hosts fit an 80 column terminal, failures included", (count) => {
  const found = report(hosts(count), (seen) => Object.assign(seen.pairs[0] as object, { received: 0, fullPassed: false }));
  const lines = renderReport(found, { columns: 80, colour: false }).split("\n");
  const matrix = lines.slice(1, lines.findIndex((line) => line.startsWith("legacy")) - 1);
  expect(Math.max(...matrix.map((line) => line.length))).toBeLessThanOrEqual(80);
  const label = `${" ".repeat(String(count).length - 1)}1 host1${" ".repeat(`host${count}`.length - 5)} `;
  expect(matrix.find((line) => line.startsWith(label))?.slice(label.length)).toMatch(/^-X\.+$/);
  expect(lines).toContain(". ok, X no reply");
});

test("colour only when asked, and then only around the same text", () => {
  const found = report(["vm1", "vm2"], (seen) => Object.assign(seen.pairs[0] as object, { received: 0 }));
  const plain = renderReport(found, { columns: 80, colour: false });
  const coloured = renderReport(found, { columns: 80, colour: true });
  expect(plain).not.toContain("\u001b");
  expect(coloured).toContain("\u001b[31m");
  expect(stripVTControlCharacters(coloured)).toBe(plain);
});
