import { existsSync } from "node:fs";
import type { MachineImage } from "./machine.ts";

/** What `npm run test:vm` has built (scripts/test-vm.mjs) and says to the tests. */
export function getVmImage(): MachineImage {
  const image = JSON.parse(process.env["SPANWIRE_VM_IMAGE"] ?? "{}") as Partial<MachineImage>;
  const { disk, kernel, initrd } = image;
  if (disk === undefined || kernel === undefined || initrd === undefined || !existsSync(disk))
    throw new Error("there is no image of a machine: run these tests with `npm run test:vm`");
  return { disk, kernel, initrd };
}
