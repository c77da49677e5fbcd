import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpanwireError } from "../model/problem.ts";
import { parseSpec } from "./parse-spec.ts";

const FULL = `version: 1
cluster: prod
hosts:
  vm10: { address: 192.168.122.90, ssh: root@vm10 }
  vm2: { address: 192.168.122.82 }
networks:
  legacy:
    subnet: 10.32.0.0/16
    dataplane: { type: vxlan, peers: unicast, port: 4789, vni: 42 }
    addressing: { mode: slices, slicePrefix: 20, hosts: { vm2: 10.32.64.0/20 } }
    egress: { mode: masquerade, check: 192.168.122.1 }
    mtu: { bytes: 1400, reserve: wireguard }
    docker: { network: old_legacy }
  apps:
    subnet: FD00:0064::/48
    egress: none
    mtu: 1300
    docker: none
`;

describe("parseSpec", () => {
  it("fills in every default", () => {
    const { cluster, warnings } = parseSpec(
      "version: 1\ncluster: c\nhosts: { vm1: { address: 192.0.2.1 } }\nnetworks: { apps: { subnet: 10.64.0.0/12 } }\n",
      "f",
    );
    expect(warnings).toEqual([]);
    expect(cluster).toEqual({
      name: "c",
      hosts: [{ name: "vm1", address: "192.0.2.1", ssh: "192.0.2.1" }],
      networks: [
        {
          name: "apps",
          subnet: "10.64.0.0/12",
          dataplane: { type: "vxlan", peers: "unicast", port: 8472 },
          addressing: { mode: "slices", pins: {} },
          egress: { mode: "masquerade" },
          mtu: {},
          attach: { type: "docker-network", network: "apps" },
          reservations: {},
        },
      ],
    });
  });

  it("keeps what is written, in canonical form and order", () => {
    expect(parseSpec(FULL, "f").cluster).toEqual({
      name: "prod",
      hosts: [
        { name: "vm2", address: "192.168.122.82", ssh: "192.168.122.82" },
        { name: "vm10", address: "192.168.122.90", ssh: "root@vm10" },
      ],
      networks: [
        {
          name: "apps",
          subnet: "fd00:64::/48",
          dataplane: { type: "vxlan", peers: "unicast", port: 8472 },
          addressing: { mode: "slices", pins: {} },
          egress: { mode: "none" },
          mtu: { bytes: 1300 },
          attach: { type: "none" },
          reservations: {},
        },
        {
          name: "legacy",
          subnet: "10.32.0.0/16",
          dataplane: { type: "vxlan", peers: "unicast", port: 4789, vni: 42 },
          addressing: { mode: "slices", slicePrefix: 20, pins: { vm2: "10.32.64.0/20" } },
          egress: { mode: "masquerade", check: "192.168.122.1" },
          mtu: { bytes: 1400, reserve: "wireguard" },
          attach: { type: "docker-network", network: "old_legacy" },
          reservations: {},
        },
      ],
    });
  });

  it("knows where each value stands, and where it would stand", () => {
    const { locate } = parseSpec(FULL, "f");
    expect(locate(["networks", "legacy", "dataplane", "vni"])).toEqual({ file: "f", line: 9, column: 64 });
    expect(locate(["networks", "apps", "dataplane", "vni"])).toEqual({ file: "f", line: 15, column: 5 });
    expect(locate(["networks", "nowhere"])).toEqual({ file: "f", line: 7, column: 3 });
    expect(locate([])).toEqual({ file: "f", line: 1, column: 1 });
  });

  it("reads the examples without a warning", () => {
    const { cluster, warnings } = parseSpec(
      readFileSync(new URL("../../examples/quickstart.yaml", import.meta.url), "utf8"),
      "quickstart.yaml",
    );
    expect(warnings).toEqual([]);
    expect(cluster.networks.map(({ name, subnet }) => `${name} ${subnet}`)).toEqual([
      "apps 10.64.0.0/12",
      "build 10.81.0.0/16",
      "data 10.80.0.0/16",
    ]);
  });

  it("answers any text with a cluster or with placed problems, never with another error", () => {
    const word = fc.constantFrom(
      "version: 1",
      "hosts:",
      "  vm1: { address: 192.0.2.1 }",
      "networks:",
      "  apps:",
      "    subnet: 10.0.0.0/8",
      "    mtu:",
      "- a",
      "&a",
      "*a",
      "!!map",
      "{",
      "}",
      "[",
      "]",
      "'",
      '"',
      "|",
      "? x",
      "<<: *a",
      "...",
      "---",
      "%YAML 1.1",
      "\t",
      "\u0000",
      ": :",
      "cluster: c",
      "null",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(word, { maxLength: 12 }).map((words) => words.join("\n")),
      fc.array(word, { maxLength: 12 }).map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(text, (input) => {
        try {
          expect(parseSpec(input, "f").cluster.hosts.length).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof SpanwireError)) throw error;
          expect(error.problems.length).toBeGreaterThan(0);
          for (const problem of error.problems) {
            expect(problem.at?.line).toBeGreaterThan(0);
            expect(problem.at?.column).toBeGreaterThan(0);
            expect(problem.why).not.toBe("");
            expect(problem.try).not.toBe("");
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
