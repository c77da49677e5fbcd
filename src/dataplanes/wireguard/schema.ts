import { z } from "zod";
import { hostName } from "../../net/schema-parts.ts";

/** What carries a device out: the kernel, or wireguard-go, a process on every host. */
const IMPLEMENTATIONS = ["kernel", "wireguard-go"] as const;

export const wireguardSchema = z
  .strictObject({
    type: z.literal("wireguard").meta({ description: "WireGuard: encrypted, each host routes.", examples: ["wireguard"] }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .meta({ description: "UDP port, the same on all hosts; chosen once and kept in the lock when left out.", examples: [51_840] }),
    behindNat: z
      .array(hostName)
      .optional()
      .meta({ description: "Hosts that others cannot call: they call the others, and keep the way open.", examples: [["edge1"]] }),
    implementation: z
      .enum(IMPLEMENTATIONS)
      .optional()
      .meta({ description: "wireguard-go for kernels that have no WireGuard; slower.", default: "kernel", examples: ["wireguard-go"] }),
  })
  .meta({ description: "WireGuard, in full.", examples: [{ type: "wireguard", behindNat: ["edge1"] }] });

export type WrittenWireguard = z.output<typeof wireguardSchema>;

/** A device a network and host, with a key pair of the host's own (WireGuard whitepaper). */
export interface WireguardSpec {
  type: "wireguard";
  /** Fixed by the user, or chosen once and kept in the lock. */
  port?: number;
  /** In order. */
  behindNat: readonly string[];
  implementation: (typeof IMPLEMENTATIONS)[number];
}

export const wireguardPin = z.strictObject({
  type: z.literal("wireguard"),
  port: z.int().min(1).max(65_535),
  implementation: z.enum(IMPLEMENTATIONS),
});
export type WireguardPin = z.output<typeof wireguardPin>;
