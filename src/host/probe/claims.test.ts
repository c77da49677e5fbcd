import { expect, test } from "vitest";
import { parseClaims } from "./claims.ts";

/** As nft 1.0.6 prints it. */
const LISTED = JSON.stringify({
  nftables: [
    { metainfo: { version: "1.0.6", release_name: "Lester Gooch #5", json_schema_version: 1 } },
    { table: { family: "netdev", name: "claims", handle: 1 } },
    {
      set: {
        family: "netdev",
        name: "arp_answers",
        table: "claims",
        type: ["ipv4_addr", "ether_addr"],
        size: 65535,
        elem: [{ concat: ["10.1.1.2", "46:b8:79:2d:80:bc"] }, { concat: ["10.1.1.2", "02:00:00:00:00:01"] }],
      },
    },
    { set: { family: "netdev", name: "nd_answers", table: "claims", type: ["ipv6_addr", "ether_addr"], size: 65535 } },
    { chain: { family: "netdev", table: "claims", name: "ingress", type: "filter", hook: "ingress", prio: 0, policy: "accept" } },
  ],
});

test("every answer to the question who has an address is kept, also the second", () => {
  expect(parseClaims(LISTED)).toEqual([
    { address: "10.1.1.2", mac: "46:b8:79:2d:80:bc" },
    { address: "10.1.1.2", mac: "02:00:00:00:00:01" },
  ]);
});
