import type { Problem } from "../../model/problem.ts";
import type { PreflightInput } from "../dataplane.ts";
import type { WireguardPin, WireguardSpec } from "./schema.ts";

/** Before the first change: never in the clear, and never in a process of its own unless the file says so. */
export function preflightWireguard({ host, networks, snapshot }: PreflightInput<WireguardSpec, WireguardPin>): Problem[] {
  const about = { kind: "unsupported" as const, doing: "preparing", where: host.name };
  if (networks.length > 0 && snapshot.tools["wg"] === undefined)
    return [{ ...about, what: namesOf(networks), why: "missing: wg (package wireguard-tools)", try: "install it on that host" }];
  const [inKernel, inUserspace] = (["kernel", "wireguard-go"] as const).map((by) =>
    networks.filter(({ pin }) => pin.implementation === by),
  );
  const problems: Problem[] = [];
  if (inKernel!.length > 0 && snapshot.kernelWireguard !== true) {
    const why = `its kernel (${snapshot.kernel}) has no WireGuard, which Linux has since 5.6 as the module wireguard`;
    const advice =
      "install a kernel with it, or write implementation: wireguard-go under dataplane (slower: a process carries the packets)";
    problems.push({ ...about, what: namesOf(inKernel!), why, try: advice });
  }
  if (inUserspace!.length > 0 && snapshot.tools["wireguard-go"] === undefined)
    problems.push({
      ...about,
      what: namesOf(inUserspace!),
      why: "missing: wireguard-go (package wireguard-go)",
      try: "install it on that host",
    });
  return problems;
}

const namesOf = (networks: readonly { name: string }[]): string => networks.map(({ name }) => `network ${name}`).join(", ");
