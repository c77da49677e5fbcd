import { DATAPLANES } from "../../dataplanes/index.ts";
import type { Path } from "../yaml/spec-file.ts";

/** What the file format has a place for and this version does not do yet: said plainly, never ignored. */
interface LaterFeature {
  /** "*" stands for any name. */
  path: string;
  /** Values of the field that are meant; absent: the field itself, whatever its value. */
  values?: readonly string[];
  instead: string;
}

const types = [...DATAPLANES.keys()];
const LATER_DATAPLANES = ["auto"].filter((type) => !DATAPLANES.has(type));

const LATER_FEATURES: readonly LaterFeature[] = [
  { path: "networks.*.dataplane", values: LATER_DATAPLANES, instead: `write ${types.map((type) => `dataplane: ${type}`).join(" or ")}` },
  { path: "networks.*.dataplane.type", values: LATER_DATAPLANES, instead: `write ${types.map((type) => `type: ${type}`).join(" or ")}` },
  { path: "networks.*.dataplane.peers", values: ["multicast", "evpn"], instead: "write peers: unicast" },
  { path: "networks.*.dataplane.group", instead: "remove it; peers are unicast" },
  {
    path: "networks.*.dataplane.encrypt",
    instead: "remove it, and use these networks only over an underlay you trust; or write dataplane: wireguard",
  },
  { path: "networks.*.docker.defaultBridge", instead: "write docker: { network: NAME }" },
];

/** The feature a value at `path` asks for, if it is one of those; `instead` is what to write now. */
export function findLaterFeature(path: Path, value: unknown): LaterFeature | undefined {
  return LATER_FEATURES.find((feature) => {
    const steps = feature.path.split(".");
    const samePath = steps.length === path.length && steps.every((step, i) => step === "*" || step === path[i]);
    return samePath && (feature.values === undefined || feature.values.includes(String(value)));
  });
}
