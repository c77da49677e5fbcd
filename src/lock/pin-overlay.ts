import { usesOverlay } from "../dataplanes/index.ts";
import { findOverlayMisfit, overlayOf } from "../net/overlay.ts";
import { containsPrefix, overlapsPrefix } from "../net/prefix.ts";
import type { PinNetworkInput } from "./pin-network.ts";
import type { Notes } from "./pin-notes.ts";

/** With per-host addressing: where the hosts' overlay addresses come from. It never moves, for containers reach hosts by them. */
export function pinOverlay(input: PinNetworkInput, slicePrefix: number, notes: Notes): string | undefined {
  const { network, before, hosts, removedHosts } = input;
  const numbers = Object.values({ ...removedHosts, ...hosts }).map((host) => host.index);
  const wanted = usesOverlay(network) ? overlayOf(network, { slicePrefix, hostCount: numbers.length }) : undefined;
  const [from, to] = [before?.addressing, network.addressing.mode];
  if (from !== undefined && from !== to) {
    notes.fail(["addressing", "mode"], {
      why: `the network is in use with ${from} addressing, and ${to} would change the subnet of every container on it`,
      try: `write mode: ${from}, or add a second network and move the containers`,
    });
    return before?.overlay;
  }
  if (before !== undefined && (before.overlay === undefined) !== (wanted === undefined)) {
    const why =
      wanted === undefined
        ? `containers may reach hosts by their addresses in ${before.overlay}, and over ${network.dataplane.type} hosts have none there`
        : `over ${network.dataplane.type} hosts need addresses in ${wanted}, and ${before.dataplane.type} may have given those to containers`;
    notes.fail(["dataplane"], {
      why,
      try: `write dataplane: ${before.dataplane.type}, or add a second network and move the containers`,
    });
    return before.overlay;
  }
  if (wanted === undefined) return undefined;
  const { overlay: written } = network.addressing;
  const overlay = before?.overlay ?? wanted;
  if (written !== undefined && written !== overlay) {
    notes.fail(["addressing", "overlay"], {
      why: `the hosts have their overlay addresses from ${overlay}, and containers reach them by those`,
      try: `write ${overlay}, or leave it out`,
    });
  }
  const misfit = findOverlayMisfit(overlay, Math.max(0, ...numbers));
  // a prefix in use cannot grow: only a network of its own has room for more hosts
  if (misfit !== undefined) {
    const advice = before === undefined ? misfit.try : "add a second network with a wider overlay, and move the containers";
    notes.fail(["addressing", "overlay"], { why: misfit.why, try: advice });
  }
  for (const [host, pin] of Object.entries(network.addressing.pins)) {
    if (before?.slices[host] !== undefined || !overlapsPrefix(pin, overlay)) continue;
    notes.fail(["addressing", "hosts", host], {
      why: `${pin} overlaps ${overlay}, kept for the hosts' own overlay addresses`,
      try: "pin another slice, or write another overlay",
    });
  }
  if (!containsPrefix(network.subnet, overlay)) {
    notes.fail(["subnet"], {
      why: `${network.subnet} leaves out ${overlay}, where the hosts have their overlay addresses from`,
      try: "keep a subnet that contains it, or add a second network and move the containers",
    });
  }
  return overlay;
}
