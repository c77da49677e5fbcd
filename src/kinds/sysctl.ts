import { isMarkedBy, networkOfMark } from "../model/mark.ts";
import { z } from "zod";
import type { ResourceKind } from "./kind.ts";
import * as is from "./schema-words.ts";
import { HOST_SYSCTLS, DEVICE_SYSCTLS, isOurSysctl } from "./sysctl-keys.ts";

const settingValue = z.string().regex(/^\d{1,3}$/);

const schema = z.strictObject({
  kind: z.literal("sysctl"),
  network: is.network,
  key: z.string().refine(isOurSysctl, "not a setting of ours"),
  value: settingValue,
  /** Set when the key belongs to a device of ours and goes away with it: nothing to give back. */
  device: is.ourLink.exactOptional(),
  /** The value found before our first write; only on observed resources we have changed. */
  former: settingValue.exactOptional(),
});
export type SysctlResource = z.output<typeof schema>;

/** A kernel setting. One of the host's own is given back its former value when nobody needs ours any more. */
export const sysctl: ResourceKind<SysctlResource> = {
  kind: "sysctl",
  schema,
  noun: "setting",
  touches: (resource) => ({ devices: resource.device === undefined ? [] : [resource.device] }),
  key: (resource) => `sysctl/${resource.key}`,

  read(snapshot, clusterUuid) {
    const resources: SysctlResource[] = [];
    for (const link of snapshot.links) {
      if (link.kind !== "bridge" || !isMarkedBy(link.alias, clusterUuid)) continue;
      for (const toKey of Object.values(DEVICE_SYSCTLS)) {
        const key = toKey(link.name);
        const value = snapshot.sysctls[key];
        if (value !== undefined) resources.push({ kind: "sysctl", network: networkOfMark(link.alias), key, value, device: link.name });
      }
    }
    for (const key of Object.values(HOST_SYSCTLS)) {
      const value = snapshot.sysctls[key];
      if (value === undefined) continue;
      const former = snapshot.former[key];
      resources.push({ kind: "sysctl", network: "", key, value, ...(former === undefined ? {} : { former }) });
    }
    return resources;
  },

  compare: (desired, observed) =>
    desired.value === observed.value
      ? []
      : [{ field: desired.key, from: observed.value, to: desired.value, reason: "the network needs this setting", needs: "change" }],

  dependencies: (resource) => (resource.device === undefined ? [] : [`link/${resource.device}`]),
  diesWith: (resource) => (resource.device === undefined ? "" : `link/${resource.device}`),

  isOwned: (resource) => resource.device !== undefined || resource.former !== undefined,

  commands(before, after) {
    if (after === null) {
      if (before?.former === undefined) return []; // the device takes it along, or we never changed it
      return [
        { tool: "sysctl", key: before.key, value: before.former },
        { tool: "state", op: "forget", key: before.key, value: "" },
      ];
    }
    if (before?.former !== undefined && before.former === after.value && after.former === undefined) {
      return [
        { tool: "sysctl", key: after.key, value: after.value },
        { tool: "state", op: "forget", key: after.key, value: "" },
      ];
    }
    if (before?.value === after.value) return [];
    const remember = after.device === undefined && before !== null && before.former === undefined;
    return [
      ...(remember ? [{ tool: "state", op: "remember", key: after.key, value: before.value } as const] : []),
      { tool: "sysctl", key: after.key, value: after.value },
    ];
  },

  isFact: true,
  asDesired: ({ former: _, ...desired }) => desired,
  remembersMore: (now, initial) => now.former !== undefined && initial.former === undefined,
  impact: () => "none",
};
