import { z } from "zod";
import { findAddressFault, findPrefixFault } from "../net/prefix.ts";

/** Words that resources are made of, as a host accepts them. Whoever speaks to a host program gets no further than our own objects. */
export const ourLink = z.string().regex(/^spw[a-z][a-z2-7]{10}$/);
export const ourLinkOrNone = z.union([ourLink, z.literal("")]);
export const anyLink = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/);
export const anyLinkOrNone = z.union([anyLink, z.literal("")]);
export const mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
export const macOrNone = z.union([mac, z.literal("")]);
export const address = z.string().refine((text) => findAddressFault(text) === undefined, "not an address");
export const addressOrNone = z.union([address, z.literal("")]);
export const cidr = z.string().regex(/^[0-9a-f.:]+\/\d{1,3}$/);
export const prefix = z.string().refine((text) => findPrefixFault(text) === undefined, "not a prefix");
export const prefixOrNone = z.union([prefix, z.literal("")]);
export const mtuBytes = z.int().min(68).max(65535);
/** Of a device that may not be there. */
export const mtuBytesOrNone = z.int().min(0).max(65_535);
/** The ownership mark (src/model/mark.ts). */
export const mark = z
  .string()
  .regex(/^[a-zA-Z0-9=,./:_-]*$/)
  .max(255);
export const word = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/);
/** Hosts that an earlier version has confirmed kept resources without it. */
export const network = z
  .string()
  .regex(/^[a-z0-9_-]{0,31}$/)
  .default("");
