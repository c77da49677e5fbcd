import { SpanwireError } from "../../model/problem.ts";
import type { VerifyTarget } from "./target.ts";

/** Only the pairs among the named hosts. Throws on a name the cluster does not have. */
export function limitTarget(target: VerifyTarget, hosts: readonly string[]): VerifyTarget {
  const unknown = hosts.filter((host) => !Object.hasOwn(target.underlay, host));
  if (unknown.length > 0) {
    throw new SpanwireError(
      unknown.map((host) => ({
        kind: "input",
        doing: "limiting verify to",
        what: host,
        where: "",
        why: "the cluster has no host of this name",
        try: `name one of ${Object.keys(target.underlay).slice(0, 10).join(", ")}`,
      })),
    );
  }
  const wanted = new Set(hosts);
  return {
    networks: target.networks.map((network) => ({ ...network, hosts: network.hosts.filter(({ host }) => wanted.has(host)) })),
    underlay: Object.fromEntries(Object.entries(target.underlay).filter(([host]) => wanted.has(host))),
  };
}
