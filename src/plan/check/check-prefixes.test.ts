import { expect, it } from "vitest";
import { checkPrefixesInUse } from "./check-prefixes.ts";
import { parseSpec } from "../../file/parse-spec.ts";

const { cluster, locate } = parseSpec(
  "version: 1\ncluster: c\nhosts: { vm1: { address: 192.0.2.1 } }\nnetworks:\n  apps: { subnet: 10.64.0.0/12 }\n  data: { subnet: 'fd00:64::/48', docker: none }\n",
  "spec.yaml",
);

it("B21: a subnet over a prefix in use on a host, wider or narrower", () => {
  const routes = [
    { destination: "default", device: "eth0" },
    { destination: "::/0", device: "eth0" },
    { destination: "192.0.2.0/24", device: "eth0" },
    { destination: "10.70.0.0/24", device: "br-1" },
    { destination: "10.0.0.0/8", device: "tun0" },
    { destination: "10.64.9.9", device: "wg0" },
    { destination: "fd00:64:0:1::/64", device: "eth1" },
  ];
  const problems = checkPrefixesInUse(cluster, "vm1", routes, locate);
  expect(problems.map(({ at, where, what, why }) => `${at?.line}:${at?.column} ${where} ${what}: ${why}`)).toMatchInlineSnapshot(`
    [
      "5:19 vm1 networks.apps.subnet: 10.64.0.0/12 overlaps 10.70.0.0/24, which vm1 already routes to br-1",
      "5:19 vm1 networks.apps.subnet: 10.64.0.0/12 overlaps 10.0.0.0/8, which vm1 already routes to tun0",
      "5:19 vm1 networks.apps.subnet: 10.64.0.0/12 overlaps 10.64.9.9, which vm1 already routes to wg0",
      "6:19 vm1 networks.data.subnet: fd00:64::/48 overlaps fd00:64:0:1::/64, which vm1 already routes to eth1",
    ]
  `);
  expect(checkPrefixesInUse(cluster, "vm1", routes.slice(0, 3))).toEqual([]);
});
