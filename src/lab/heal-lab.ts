import { startHostDaemons } from "./host/daemons.ts";
import { findUnpowered, powerOn } from "./host/power.ts";
import { healSwitch } from "./lab-faults.ts";
import type { LabState } from "./lab-state.ts";

/** Gives every host power, starts every dead daemon, undoes every cut, loss and MTU fault. */
export async function healLab(lab: LabState): Promise<void> {
  for (const host of await findUnpowered(lab)) await powerOn(lab, host, { restore: true });
  await Promise.all(lab.hosts.map((host) => startHostDaemons(lab, host)));
  await healSwitch(lab);
}
