import { expect, test } from "vitest";
import { createTarget } from "../judge/healthy.fixture.ts";
import { limitTarget } from "./limit-target.ts";

const target = createTarget(["vm1", "vm2", "vm3"], [{ name: "apps", egress: "none" }]);

test("only the named hosts stay, in networks and underlay", () => {
  const limited = limitTarget(target, ["vm3", "vm1"]);
  expect(Object.keys(limited.underlay)).toEqual(["vm1", "vm3"]);
  expect(limited.networks.map(({ hosts }) => hosts.map(({ host }) => host))).toEqual([["vm1", "vm3"]]);
});

test("every unknown name is a problem, and a key of every object is none of them", () => {
  expect(() => limitTarget(target, ["vm1", "vm9", "constructor"])).toThrow(
    expect.objectContaining({
      problems: [expect.objectContaining({ kind: "input", what: "vm9" }), expect.objectContaining({ what: "constructor" })],
    }),
  );
});
