import { listNames } from "../../util/list-names.ts";
import type { CheckInput, Findings } from "../dataplane.ts";
import { unknownHost } from "../unknown-host.ts";
import type { WireguardSpec } from "./schema.ts";

/** Of each pair one side must be able to call the other. */
export function checkWireguard({ network, hosts, fail }: CheckInput<WireguardSpec>): Findings {
  const { behindNat } = network.dataplane;
  const known = new Set(hosts);
  const problems = behindNat.flatMap((host, index) => {
    if (!known.has(host)) return [fail(["behindNat", index], unknownHost(host, known, "the line"))];
    return behindNat.indexOf(host) < index ? [fail(["behindNat", index], { why: `${host} is listed twice`, try: "list it once" })] : [];
  });
  if (problems.length === 0 && behindNat.length > 1) {
    const why = `${listNames([...behindNat])} are all behind NAT, so none of them can call another and their containers would have no way`;
    problems.push(fail(["behindNat"], { why, try: `forward the network's UDP port to all of them but one, and list that one alone` }));
  }
  return { problems, warnings: [] };
}
