import { z } from "zod";
import { MOST_NUMBER } from "../choose-number.ts";

export const vxlanSchema = z
  .strictObject({
    type: z.literal("vxlan").meta({ description: "Kernel VXLAN (RFC 7348).", examples: ["vxlan"] }),
    peers: z
      .literal("unicast")
      .optional()
      .meta({ description: "Every host knows every other; broadcasts are copied to each.", default: "unicast", examples: ["unicast"] }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .meta({ description: "UDP port, the same on all hosts.", default: 8472, examples: [8472, 4789] }),
    vni: z
      .int()
      .min(1)
      .max(MOST_NUMBER)
      .optional()
      .meta({ description: "VXLAN network identifier; chosen once and kept in the lock when left out.", examples: [4200] }),
  })
  .meta({ description: "Kernel VXLAN, in full.", examples: [{ type: "vxlan", port: 4789 }] });

export type WrittenVxlan = z.output<typeof vxlanSchema>;

/** Kernel VXLAN, head-end replication to a list of unicast peers. RFC 7348; drivers/net/vxlan in the kernel. */
export interface VxlanSpec {
  type: "vxlan";
  peers: "unicast";
  /** UDP port; 8472 is the kernel's default, 4789 IANA's. */
  port: number;
  /** Fixed by the user, or chosen once and kept in the lock. */
  vni?: number;
}

export const vxlanPin = z.strictObject({ type: z.literal("vxlan"), vni: z.int().min(1).max(MOST_NUMBER) });
export type VxlanPin = z.output<typeof vxlanPin>;
