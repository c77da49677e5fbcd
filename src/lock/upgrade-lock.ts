/**
 * A lock of version 1 (Spanwire before 0.2) in today's form: a network had `vni`, and over Open vSwitch `shape`, where its data
 * plane's pin is now. Anything else is left as it is, for the schema to judge.
 */
export function upgradeLock(lock: unknown): unknown {
  if (!isRecord(lock) || !isRecord(lock["networks"])) return lock;
  const networks = Object.entries(lock["networks"]).map(([name, network]) => [name, isRecord(network) ? upgradeNetwork(network) : network]);
  return { ...lock, version: 2, networks: Object.fromEntries(networks) };
}

function upgradeNetwork({ vni, shape, ...rest }: Record<string, unknown>): Record<string, unknown> {
  const dataplane = shape === undefined ? { type: "vxlan", vni } : { type: "ovs", key: vni, shape };
  return { ...rest, dataplane, addressing: rest["overlay"] === undefined ? "slices" : "per-host" };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
