import { expect, test } from "vitest";
import { compareFootprints, normaliseFootprint, type RawFootprint } from "./normalise-footprint.ts";

const empty: RawFootprint = {
  ...{ links: [], addresses: [], routes: [], rules: [], neighbours: [], fdb: [], ruleset: [], sysctls: {}, networks: [] },
  ...{ containers: [], ovs: [], stateFiles: [] },
};
/** As iproute2 prints it; Linux 6.7 and later count what a bridge has learned. */
const bridge = (mtu: number, learned: number): RawFootprint => ({
  ...empty,
  links: [
    {
      ifindex: 4 + learned,
      ifname: "br0",
      mtu,
      linkinfo: { info_kind: "bridge", info_data: { fdb_n_learned: learned, ageing_time: 30000 } },
    },
  ],
});
const compare = (before: RawFootprint, after: RawFootprint): string[] =>
  compareFootprints(normaliseFootprint(before), normaliseFootprint(after));

test("what the kernel counts and numbers anew is no difference", () => {
  expect(compare(bridge(1450, 0), bridge(1450, 4))).toEqual([]);
});

test("a setting that differs is a line of before and one of after", () => {
  expect(compare(bridge(1450, 0), bridge(1500, 4))).toEqual([
    '- links: {"ifname":"br0","mtu":1450,"linkinfo":{"info_kind":"bridge","info_data":{"ageing_time":30000}}}',
    '+ links: {"ifname":"br0","mtu":1500,"linkinfo":{"info_kind":"bridge","info_data":{"ageing_time":30000}}}',
  ]);
});

test("a state file that came is a difference, a learned neighbour of a bridge is none", () => {
  const entry = { mac: "02:00:00:00:00:01", ifname: "br0" };
  const after = {
    ...empty,
    stateFiles: ["lock.json"],
    fdb: [
      { ...entry, state: "" },
      { ...entry, state: "permanent" },
    ],
  };
  expect(compare(empty, after)).toEqual([
    '+ fdb: {"mac":"02:00:00:00:00:01","ifname":"br0","state":"permanent"}',
    "+ stateFiles: lock.json",
  ]);
});
