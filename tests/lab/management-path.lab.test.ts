import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run } from "../../src/util/run.ts";

const SOURCE = fileURLToPath(new URL("../../src/host/change/management-path.ts", import.meta.url));

/** A server with a rule by source: what it answers from its second address goes another way. */
const SETUP = `
ip link set lo up
for n in 0 1; do ip link add eth$n type veth peer name peer$n; ip link set eth$n up; ip link set peer$n up; done
ip addr add 192.0.2.9/24 dev eth0
ip addr add 198.51.100.9/24 dev eth1
ip addr add fe80::9/64 dev eth1 nodad
ip route add default via 192.0.2.1
ip rule add from 198.51.100.9 table 7
ip route add default via 198.51.100.1 table 7
`;

test("F01: the way to the operator is that of the address that was reached, and of the zone of a link-local one", async () => {
  const ends = [
    { peer: "203.0.113.7" },
    { peer: "203.0.113.7", local: "198.51.100.9" },
    { peer: "203.0.113.7", local: "198.51.100.10" }, // not this host's
    { peer: "fe80::7%eth1", local: "fe80::9%eth1" },
  ];
  const program = `
    const { findManagementPath } = await import(${JSON.stringify(SOURCE)});
    console.log(JSON.stringify(await Promise.all(${JSON.stringify(ends)}.map(async (ends) => (await findManagementPath(ends)) ?? null))));
  `;
  const node = [process.execPath, "--input-type=module", "-e", program];
  const { stdout, stderr } = await run(["unshare", "--net", "sh", "-ec", `${SETUP}\nexec "$@"`, "sh", ...node]);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual([
    { peer: "203.0.113.7", device: "eth0", gateway: "192.0.2.1", source: "192.0.2.9" },
    { peer: "203.0.113.7", device: "eth1", gateway: "198.51.100.1", source: "198.51.100.9" },
    null,
    { peer: "fe80::7", device: "eth1", source: "fe80::9" },
  ]);
});
