import { usesOverlay } from "../../dataplanes/index.ts";
import { findOverlayMisfit } from "../../net/overlay.ts";
import { containsPrefix, overlapsPrefix } from "../../net/prefix.ts";
import type { Problem } from "../../model/problem.ts";
import type { Network } from "../../model/cluster.ts";
import { problemAt, type SpecFile } from "../yaml/spec-file.ts";

/** A prefix written for the hosts' overlay addresses: in the subnet, apart from pinned slices, with room for every host. */
export function checkOverlay(network: Network, hostCount: number, spec: SpecFile): Problem[] {
  const { overlay } = network.addressing;
  if (overlay === undefined) return [];
  const path = ["networks", network.name, "addressing", "overlay"];
  if (!usesOverlay(network)) {
    const why = `with ${network.addressing.mode} addressing over ${network.dataplane.type}, hosts have no addresses beside their gateways`;
    return [problemAt(spec, path, { doing: "checking", why, try: "remove overlay" })];
  }
  const fail = (at: string[], about: Pick<Problem, "why" | "try">): Problem => problemAt(spec, at, { doing: "checking", ...about });
  if (!containsPrefix(network.subnet, overlay)) {
    return [fail(path, { why: `${overlay} is not inside ${network.subnet}`, try: "write a prefix of the network's own subnet" })];
  }
  const misfit = findOverlayMisfit(overlay, hostCount);
  const pins = Object.entries(network.addressing.pins).filter(([, pin]) => overlapsPrefix(pin, overlay));
  return [
    ...(misfit === undefined ? [] : [fail(path, misfit)]),
    ...pins.map(([host, pin]) =>
      fail(["networks", network.name, "addressing", "hosts", host], {
        why: `${pin} overlaps ${overlay}, kept for the hosts' own overlay addresses`,
        try: "pin another slice, or write another overlay",
      }),
    ),
  ];
}
