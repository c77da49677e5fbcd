import { expect, test } from "vitest";
import { parseRunId } from "./lab-names.ts";
import { resolveLab } from "./lab-shape.ts";

test("the default lab: three hosts with the machine's own Docker", () => {
  const lab = resolveLab({});
  expect(lab).toMatchObject({ runId: "demo", docker: "host", mtuBytes: 1500, phase: "starting" });
  expect(lab.namespaces).toEqual(["spx-demo-sw", "spx-demo-h1", "spx-demo-h2", "spx-demo-h3"]);
  expect(lab.hosts[2]).toMatchObject({ name: "h3", index: 3, address: "10.99.0.3", managementAddress: "192.168.250.3" });
});

test("no two run ids share a namespace, and every docker socket fits into a unix socket address", () => {
  const [a, b] = [resolveLab({ runId: "a", hosts: 50 }), resolveLab({ runId: "abcdefgh", hosts: 50 })];
  expect(a.namespaces.filter((name) => b.namespaces.includes(name))).toEqual([]);
  for (const host of b.hosts) expect(host.dockerSocket.length).toBeLessThan(108);
});

test.for(["", "A", "1a", "abcdefghi", "a-b", "a/b", "..", "a b", "ä"])("a run id that could not be a name is refused: %j", (text) => {
  expect(() => parseRunId(text)).toThrow("a run id is a small letter");
});

test.for([
  [{ hosts: 0 }, "the number of hosts (0): it must be a whole number from 1 to 50"],
  [{ hosts: 51 }, "the number of hosts (51)"],
  [{ hosts: 1.5 }, "the number of hosts (1.5)"],
  [{ mtuBytes: 100 }, "the MTU (100): it must be a whole number from 1280 to 65535"],
] as const)("a wish that cannot be met is refused: %j", ([wish, message]) => {
  expect(() => resolveLab(wish)).toThrow(message);
});
