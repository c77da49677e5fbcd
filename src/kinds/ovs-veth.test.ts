import { expect, test } from "vitest";
import { commandsOf } from "../plan/compare/batch-steps.ts";
import { toolOf } from "../tools/index.ts";
import { ovsVeth } from "./ovs-veth.ts";
import type { OvsVethResource } from "./ovs-veth.ts";

const NAME = "spwyaaaaaaaaaa";
const PEER = "spwwaaaaaaaaaa";
const MARK = "spanwire,uuid=11111111-2222-4333-8444-555555555555,cluster=prod,index=1,network=apps,slice=10.64.1.0/24";

/** As wished for where the datapath is userspace's. */
const PAIR: OvsVethResource = {
  ...{ kind: "ovs-veth", network: "apps", name: NAME, devices: [NAME, PEER], ovsBridge: "spwoaaaaaaaaaa", bridge: "spwbaaaaaaaaaa" },
  ...{ mac: "02:00:00:00:00:01", mtuBytes: 1450, peerMtuBytes: 1450, checksumOffload: [], spanningTrees: [] },
  ...{ flooding: true, isolated: true, up: [NAME, PEER], mark: MARK },
};

const linesOf = (before: OvsVethResource | null, after: OvsVethResource | null): string[] =>
  commandsOf({ before, after })
    .flatMap((command) => toolOf(command).render(command))
    .map((line) => line.replaceAll(MARK, "MARK"));
const fieldsOf = (observed: Partial<OvsVethResource>): string[] =>
  ovsVeth.compare(PAIR, { ...PAIR, ...observed }).map(({ field }) => field);

test("a new pair is complete before Open vSwitch gets its end", () => {
  expect(linesOf(null, PAIR)).toEqual([
    `ip link add ${NAME} address 02:00:00:00:00:01 mtu 1450 type veth peer name ${PEER} mtu 1450`,
    `ip link set dev ${PEER} alias MARK addrgenmode none`,
    `ip link set dev ${NAME} alias MARK addrgenmode none master spwbaaaaaaaaaa`,
    `ip link set dev ${NAME} type bridge_slave isolated on neigh_suppress off flood on mcast_flood on bcast_flood on`,
    `ip link set dev ${PEER} up`,
    `ip link set dev ${NAME} up`,
    `ethtool -K ${NAME} tx off`,
    `ethtool -K ${PEER} tx off`,
    expect.stringContaining(`del-port ${PEER}`),
    `ovs-vsctl add-port spwoaaaaaaaaaa ${PEER} other_config:stp-enable=false other_config:rstp-enable=false external_ids:spanwire="MARK"`,
  ]);
});

test("where the kernel's datapath fills checksums in, ethtool is not needed", () => {
  expect(linesOf(null, { ...PAIR, checksumOffload: [NAME, PEER] }).filter((line) => line.startsWith("ethtool"))).toEqual([]);
});

test("each trap is drift of its own, and repaired alone", () => {
  expect(fieldsOf({ checksumOffload: [NAME] })).toEqual(["checksumOffload"]);
  expect(linesOf({ ...PAIR, checksumOffload: [NAME] }, PAIR)).toEqual([`ethtool -K ${NAME} tx off`]);
  expect(fieldsOf({ spanningTrees: ["stp", "rstp"] })).toEqual(["spanningTrees"]);
  expect(linesOf({ ...PAIR, spanningTrees: ["stp"] }, PAIR)).toEqual([
    `ovs-vsctl set Port ${PEER} other_config:stp-enable=false other_config:rstp-enable=false external_ids:spanwire="MARK"`,
  ]);
});

test("a pair of which one end is gone is made again, and its port with it", () => {
  const half = { ...PAIR, devices: [NAME], up: [NAME], peerMtuBytes: 0 };
  const lines = linesOf(half, PAIR);
  expect(lines[0]).toBe(`ip link del dev ${NAME}`);
  expect(lines.slice(1)).toEqual(linesOf(null, PAIR));
});

test("back to a port without its pair: the devices go, the row stays", () => {
  const gone = { ...PAIR, devices: [], up: [], bridge: "", mac: "", mtuBytes: 0, peerMtuBytes: 0 };
  expect(linesOf(PAIR, gone)).toEqual([`ip link del dev ${NAME}`]);
  expect(linesOf(PAIR, { ...PAIR, ovsBridge: "" })).toEqual([expect.stringContaining(`del-port ${PEER}`)]);
});

test("standing by it receives and does not flood, in the slot of every other way between hosts", () => {
  const standby = ovsVeth.standby?.(PAIR) ?? PAIR;
  expect(linesOf(standby, PAIR)).toEqual([
    `ip link set dev ${NAME} type bridge_slave isolated on neigh_suppress off flood on mcast_flood on bcast_flood on`,
  ]);
  expect(ovsVeth.slot?.(PAIR)).toBe("tunnel/spwbaaaaaaaaaa");
});
