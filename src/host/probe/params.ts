import { isIP } from "node:net";
import { z } from "zod";
import type {
  DefaultGatewayParams,
  FragmentsParams,
  PathMtuParams,
  PingParams,
  ProbeSpec,
  ReceivedParams,
  ResolveParams,
  SendParams,
} from "./protocol.ts";

const address = z.string().refine((text) => isIP(text) !== 0, "not an IP address");
const cidr = z
  .string()
  .refine((text) => /^[^/]+\/\d{1,3}$/.test(text) && isIP(text.split("/")[0] ?? "") !== 0, "not an address with a prefix length");
const linkName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/);
const mac = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
/** Goes into a line of `ip -batch`, which splits at blanks and knows quotes. */
const mark = z.string().regex(/^[A-Za-z0-9=,./:_-]{1,200}$/);
const token = z.string().regex(/^[\x21-\x7e]{1,200}$/);
const networkName = z.string().min(1).max(100);
const timeoutMs = z.number().int().min(1).max(60_000);
const packetBytes = z.number().int().min(68).max(65_535);

export const startParams = z.strictObject({
  probes: z
    .array(
      z.strictObject({
        network: networkName,
        bridge: linkName,
        cidr,
        mac,
        gateway: address,
        mtuBytes: packetBytes,
        mark,
      }) satisfies z.ZodType<ProbeSpec>,
    )
    .max(1_000),
});

const resolveParams = z.strictObject({ addresses: z.array(address).max(20_000), waitMs: timeoutMs }) satisfies z.ZodType<ResolveParams>;

export const operationParams = {
  ping: z.strictObject({
    targets: z.array(address).max(20_000),
    sizeBytes: packetBytes.optional(),
    dontFragment: z.boolean().optional(),
    count: z.number().int().min(1).max(100),
    timeoutMs,
  }) satisfies z.ZodType<PingParams>,
  pathMtu: z.strictObject({
    target: address,
    failedBytes: packetBytes,
    hintBytes: z.number().int().optional(),
    timeoutMs,
  }) satisfies z.ZodType<PathMtuParams>,
  send: z.strictObject({ messages: z.array(z.strictObject({ token, address })).max(100_000) }) satisfies z.ZodType<SendParams>,
  received: z.strictObject({
    expect: z.array(token).max(100_000),
    settleMs: timeoutMs,
    deadlineMs: timeoutMs,
  }) satisfies z.ZodType<ReceivedParams>,
  resolve: resolveParams,
  claims: resolveParams,
  fragments: z.strictObject({ table: z.string().regex(/^[A-Za-z0-9_./-]{1,100}$/) }) satisfies z.ZodType<FragmentsParams>,
  defaultGateway: z.strictObject({ family: z.enum(["ipv4", "ipv6"]) }) satisfies z.ZodType<DefaultGatewayParams>,
};

const place = z.discriminatedUnion("at", [
  z.strictObject({ at: z.literal("probe"), network: networkName }),
  z.strictObject({ at: z.literal("container"), pid: z.number().int().min(2) }),
  z.strictObject({ at: z.literal("host") }),
]);

const operationName = z.enum(["ping", "pathMtu", "send", "received", "resolve", "claims", "fragments", "defaultGateway"]);

export const batchParams = z.strictObject({
  calls: z.array(z.strictObject({ place, op: operationName, params: z.unknown() })).max(100_000),
});
