import { z } from "zod";

export const routedSchema = z
  .strictObject({
    type: z.literal("routed").meta({ description: "Routes between the hosts, no encapsulation.", examples: ["routed"] }),
  })
  .meta({ description: "Routes between hosts that share a segment, in full.", examples: [{ type: "routed" }] });

/** Static routes over the underlay: nothing to choose, and nothing that must be kept. */
export type RoutedSpec = z.output<typeof routedSchema>;

export const routedPin = z.strictObject({ type: z.literal("routed") });
export type RoutedPin = z.output<typeof routedPin>;
