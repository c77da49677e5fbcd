import { expect, test } from "vitest";
import { parseSpec } from "../file/parse-spec.ts";
import { pinWithoutHosts } from "../lock/pin-without-hosts.ts";
import { resolveNetworks } from "../lock/resolve-networks.ts";
import { findNeeds } from "./needed-ports.ts";
import { renderNeeds } from "./render-needs.ts";

const HOSTS = [1, 2, 3, 4].map((number) => `vm${number}: { address: 192.0.2.${number} }`).join(", ");

function needsOf(networks: string) {
  const spec = parseSpec(`version: 1\ncluster: c\nhosts: { ${HOSTS} }\nnetworks: { ${networks} }\n`, "f.yaml");
  return findNeeds(resolveNetworks(spec.cluster, pinWithoutHosts(spec, undefined).lock));
}

test("networks that need the same have one line; a ring's hosts are called by their neighbours alone", () => {
  const hosts = needsOf(
    "apps: { subnet: 10.64.0.0/16 }, data: { subnet: 10.65.0.0/16 }, ring: { subnet: 10.66.0.0/16, dataplane: { type: ovs, tunnel: gre, topology: ring } }",
  );
  expect(hosts[0]).toEqual({
    name: "vm1",
    address: "192.0.2.1",
    needs: [
      { networks: ["apps", "data"], protocol: "udp", port: 8472, from: ["192.0.2.2", "192.0.2.3", "192.0.2.4"] },
      { networks: ["ring"], protocol: "gre", from: ["192.0.2.2", "192.0.2.4"] },
    ],
  });
});

test("routed packets come as they are; with a host behind NAT its peers are called from anywhere, and it by nobody", () => {
  const text = renderNeeds(
    needsOf(
      "plain: { subnet: 10.64.0.0/16, dataplane: routed }, apps: { subnet: 10.65.0.0/16, dataplane: { type: wireguard, behindNat: [vm4] } }",
    ),
  );
  expect(text.split("\n\n").slice(0, -1).join("\n")).toMatchInlineSnapshot(`
    "vm1  192.0.2.1
      UDP port 51840 from any address: a peer is behind NAT, and the tunnel answers nobody without a key  (apps)
      packets to 10.64.1.0/24, forwarded, from 10.64.2.0/24, 10.64.3.0/24, 10.64.4.0/24  (plain)
    vm2  192.0.2.2
      UDP port 51840 from any address: a peer is behind NAT, and the tunnel answers nobody without a key  (apps)
      packets to 10.64.2.0/24, forwarded, from 10.64.1.0/24, 10.64.3.0/24, 10.64.4.0/24  (plain)
    vm3  192.0.2.3
      UDP port 51840 from any address: a peer is behind NAT, and the tunnel answers nobody without a key  (apps)
      packets to 10.64.3.0/24, forwarded, from 10.64.1.0/24, 10.64.2.0/24, 10.64.4.0/24  (plain)
    vm4  192.0.2.4
      packets to 10.64.4.0/24, forwarded, from 10.64.1.0/24, 10.64.2.0/24, 10.64.3.0/24  (plain)"
  `);
});

test("a host alone needs nothing", () => {
  const spec = parseSpec(
    "version: 1\ncluster: c\nhosts: { a: { address: 192.0.2.1 } }\nnetworks: { apps: { subnet: 10.64.0.0/16 } }\n",
    "f.yaml",
  );
  expect(renderNeeds(findNeeds(resolveNetworks(spec.cluster, pinWithoutHosts(spec, undefined).lock)))).toMatch(
    /^a {2}192\.0\.2\.1\n {2}nothing from other hosts\n/,
  );
});
