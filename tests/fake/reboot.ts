import type { HostSystem } from "../../src/host/execute/host-system.ts";
import type { FakeHost } from "./fake-system.ts";
import { createKernel } from "./kernel-model.ts";

/** A power cut and a start: the kernel knows nothing any more, the disk (state directory, Docker's networks) is as it was. */
export function reboot(host: FakeHost, underlay: string, mtuBytes = 1500): void {
  host.kernel = createKernel(underlay, mtuBytes);
  host.nft.clear();
  host.state.holder = undefined; // its process is gone
}

/** A machine that stops at one step: part of the batch is done, and nothing after it ever happens. */
export function stopAt(system: HostSystem, stepId: string, moment: "before" | "inside" | "after"): HostSystem {
  let isOff = false;
  const off = (): never => {
    throw new Error("the power is off");
  };
  return {
    observe: async () => (isOff ? off() : system.observe()),
    async execute(batch) {
      if (isOff) return off();
      const position = batch.items.findLastIndex((item) => item.stepId === stepId);
      if (position < 0) return system.execute(batch);
      isOff = true;
      const end = { before: 0, inside: position, after: batch.items.length }[moment];
      if (end > 0) await system.execute({ ...batch, items: batch.items.slice(0, end) });
      return off();
    },
  };
}
