import type { Measurements, PacketRow } from "../measure/measurements.ts";
import type { TargetNetwork, VerifyTarget } from "../measure/target.ts";

/** For tests: a target, and what a flawless run would have measured on it. */
export function createTarget(hosts: readonly string[], networks: readonly { name: string; egress: "masquerade" | "none" }[]): VerifyTarget {
  return {
    underlay: Object.fromEntries(hosts.map((host, index) => [host, { address: `192.0.2.${index + 1}` }])),
    networks: networks.map(({ name, egress }, net) => ({
      name,
      subnet: `10.${64 + net}.0.0/16`,
      mtuBytes: 1450,
      overheadBytes: 50,
      layer: 2,
      wire: "UDP port 8472",
      egress: { mode: egress },
      hosts: hosts.map((host, index) => ({
        host,
        bridge: `br-${name}`,
        gateway: `10.${64 + net}.${index + 1}.1`,
        overlay: `10.${64 + net}.${index + 1}.1`,
        probe: `10.${64 + net}.${index + 1}.2/16`,
        probeMac: "02:00:00:00:00:01",
      })),
    })),
  };
}

const PASSED: PacketRow = {
  answered: true,
  received: 3,
  rttMs: 0.2,
  error: "",
  fullPassed: true,
  fullError: "",
  tooBigMtuBytes: null,
  foundMtuBytes: null,
};

export function createHealthy(target: VerifyTarget): Measurements {
  const hosts = Object.keys(target.underlay);
  const pairs = hosts.flatMap((from) => hosts.filter((to) => to !== from).map((to) => ({ from, to })));
  const each = <T>(make: (network: TargetNetwork) => T[]): T[] => target.networks.flatMap(make);
  const others = (network: TargetNetwork): TargetNetwork[] => target.networks.filter((other) => other !== network);
  const gatewayOf = (network: TargetNetwork, host: string): string => network.hosts.find((at) => at.host === host)?.gateway ?? "";
  return {
    hostProblems: [],
    endpointProblems: [],
    pairs: each(({ name }) => pairs.map((pair) => ({ ...PASSED, network: name, ...pair }))),
    underlay: pairs.map((pair) => ({ ...PASSED, ...pair, sizeBytes: 1500 })),
    gateways: each(({ name }) => pairs.map((pair) => ({ network: name, ...pair, reached: true, error: "" }))),
    fragments: hosts.map((host) => ({ host, before: 7, after: 7 })),
    broadcasts: each((a) =>
      target.networks.flatMap((b) =>
        hosts.flatMap((from) => hosts.map((to) => ({ a: a.name, from, b: b.name, to, copies: a === b && from !== to ? 1 : 0 }))),
      ),
    ),
    isolation: each((a) =>
      others(a).flatMap((b) =>
        hosts.flatMap((from) =>
          hosts.flatMap((to) =>
            (["unicast", "arp", "gateway"] as const).map((how) => ({
              a: a.name,
              from,
              b: b.name,
              to,
              how,
              of: "gateway" as const,
              address: gatewayOf(b, to),
              leaked: false,
            })),
          ),
        ),
      ),
    ),
    egress: each(({ name, egress }) =>
      hosts.map((host) => ({ network: name, host, address: "192.0.2.254", fromHost: true, fromEndpoint: egress.mode === "masquerade" })),
    ),
    containers: [],
    sources: each(({ name, hosts: members }) =>
      pairs.map((pair) => ({ network: name, ...pair, source: members.find(({ host }) => host === pair.from)?.probe.split("/")[0] ?? "" })),
    ),
    notTested: [],
  };
}
