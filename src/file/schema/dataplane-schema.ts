import { z } from "zod";
import { ovsSchema } from "./ovs-schema.ts";

const vxlanSchema = z
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
      .max(0xff_ffff)
      .optional()
      .meta({ description: "VXLAN network identifier; chosen once and kept in the lock when left out.", examples: [4200] }),
  })
  .meta({ description: "Kernel VXLAN, in full.", examples: [{ type: "vxlan", port: 4789 }] });

export const dataplaneSchema = z
  .union([z.enum(["vxlan", "ovs"]), z.discriminatedUnion("type", [vxlanSchema, ovsSchema])])
  .meta({ description: "How packets travel between hosts.", default: "vxlan", examples: ["vxlan", "ovs", { type: "vxlan", port: 4789 }] });
