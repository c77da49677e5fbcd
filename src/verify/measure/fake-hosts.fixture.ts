import type { Place } from "../../host/probe/protocol.ts";
import type { Connection } from "../../transport/connection.ts";
import { SpanwireError } from "../../model/problem.ts";
import type { VerifyTarget } from "./target.ts";

interface Call {
  place: Place;
  op: string;
  params: never;
}

/** A host in the middle of a run: after so many requests it is gone. */
export interface FakeFaults {
  lostAfter?: Readonly<Record<string, number>>;
  /** Networks whose probe cannot start, per host. */
  noProbe?: Readonly<Record<string, readonly string[]>>;
  /** So many questions for an answer ("ping") of a host get none. */
  lostPings?: Readonly<Record<string, number>>;
  /** So many broadcasts of a host arrive nowhere. */
  lostBroadcasts?: Readonly<Record<string, number>>;
}

export interface FakeHosts {
  connections: ReadonlyMap<string, Connection>;
  /** Every request, "vm1 probe.start". */
  requests: string[];
}

/** For tests: hosts on a flawless network, without a kernel. An operation it does not know is an error. */
export function createFakeHosts(target: VerifyTarget, faults: FakeFaults = {}): FakeHosts {
  const requests: string[] = [];
  const inboxes = new Map<string, { token: string; source: string; copies: number }[]>();
  const inboxOf = (network: string, host: string) =>
    inboxes.get(`${network} ${host}`) ?? inboxes.set(`${network} ${host}`, []).get(`${network} ${host}`) ?? [];
  const broadcastIsLost = countDown(faults.lostBroadcasts ?? {});
  const pingIsLost = countDown(faults.lostPings ?? {});
  const find = (name: string) => target.networks.find((network) => network.name === name);

  /** What an endpoint of a network reaches: its own network, the underlay when egress allows; the host reaches the underlay. */
  const reaches = (place: Place, address: string): boolean => {
    if (place.at === "host") return address.startsWith("192.0.2.");
    const network = place.at === "probe" ? find(place.network) : undefined;
    const own = network?.hosts.some(({ gateway, probe }) => gateway === address || probe.startsWith(`${address}/`)) ?? false;
    return own || (network?.egress.mode === "masquerade" && address.startsWith("192.0.2."));
  };
  const operate = (host: string, { place, op, params }: Call): unknown => {
    const network = place.at === "probe" ? place.network : "";
    const asked = params as { targets: string[]; messages: { token: string; address: string }[]; addresses: string[] };
    switch (op) {
      case "ping": {
        const isLost = pingIsLost(host);
        return asked.targets.map((address) => ({
          target: address,
          received: !isLost && reaches(place, address) ? 2 : 0,
          rttMs: 0.3,
          tooBigMtuBytes: null,
          error: "",
        }));
      }
      case "send":
        for (const { token, address } of asked.messages) {
          const to = find(network)?.hosts.find(({ probe }) => probe.startsWith(`${address}/`));
          const source =
            find(network)
              ?.hosts.find((at) => at.host === host)
              ?.probe.split("/")[0] ?? "";
          if (to !== undefined) inboxOf(network, to.host).push({ token, source, copies: 1 });
        }
        for (const { token, address } of asked.messages.filter(({ address: to }) => to === "255.255.255.255")) {
          if (broadcastIsLost(host)) continue;
          for (const at of find(network)?.hosts ?? []) inboxOf(network, at.host).push({ token, source: address, copies: 1 });
        }
        return { failed: [] };
      case "received":
        return inboxOf(network, host);
      case "resolve":
        return asked.addresses.map((address) => ({ address, mac: null }));
      case "fragments":
        return { packets: 3 };
      case "defaultGateway":
        return { gateway: "192.0.2.254" };
      default:
        throw new Error(`fake host: unknown operation ${op}`);
    }
  };
  const answer = (host: string, method: string, params: never): unknown => {
    if (method === "probe.stop") return {};
    if (method === "probe.batch") return (params as { calls: Call[] }).calls.map((call) => ({ ok: true, result: operate(host, call) }));
    if (method !== "probe.start") throw new Error(`fake host: unknown method ${method}`);
    return (params as { probes: { network: string }[] }).probes.map(({ network }) => startProbe(network, faults.noProbe?.[host] ?? []));
  };
  const open = (host: string): Connection => {
    let count = 0;
    return {
      host,
      async request(method, params): Promise<never> {
        requests.push(`${host} ${method}`);
        if (count++ >= (faults.lostAfter?.[host] ?? Infinity)) {
          throw new SpanwireError({
            kind: "unreachable",
            doing: "talking to",
            what: "the host program",
            where: host,
            why: "it ended",
            try: "look",
          });
        }
        return answer(host, method, params as never) as never;
      },
      close: () => Promise.resolve(),
    };
  };
  return { connections: new Map(Object.keys(target.underlay).map((host) => [host, open(host)])), requests };
}

function countDown(limits: Readonly<Record<string, number>>): (host: string) => boolean {
  const left = new Map(Object.entries(limits));
  return (host) => {
    const count = left.get(host) ?? 0;
    left.set(host, count - 1);
    return count > 0;
  };
}

function startProbe(network: string, broken: readonly string[]): unknown {
  if (!broken.includes(network)) return { ok: true, result: {} };
  return {
    ok: false,
    problems: [{ kind: "verify", doing: "starting", what: `the probe of ${network}`, where: "", why: "no bridge", try: "apply" }],
  };
}
