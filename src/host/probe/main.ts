import { createInterface } from "node:readline";
import { isIPv6 } from "node:net";
import { configureEndpoint, prepareNamespace, type EndpointParams } from "./endpoint.ts";
import { findClaims } from "./claims.ts";
import { findPathMtu } from "./path-mtu.ts";
import { ping } from "./ping.ts";
import { resolveOnLink } from "./resolve.ts";
import { openTokenSocket, type TokenSocket } from "./tokens.ts";
import type { PathMtuParams, PingParams, ReceivedParams, ResolveParams, SendParams } from "./protocol.ts";

interface Request {
  id: number;
  op: string;
  params: unknown;
}

/**
 * A probe endpoint: sits in an unnamed network namespace of its own and answers JSON lines on stdin. It ends with its
 * stdin, so nothing outlives the host program, however that dies; the kernel then removes namespace and veth pair.
 * Its import graph is tiny on purpose: one such process runs per network and host. The parent has checked all params.
 */
export async function runProbe(): Promise<void> {
  await prepareNamespace();
  let tokens: TokenSocket | undefined;
  const getTokens = (): TokenSocket => {
    if (tokens === undefined) throw new Error("the probe has no address yet");
    return tokens;
  };
  const operations: Record<string, (params: never) => Promise<unknown>> = {
    async configure(params: EndpointParams) {
      await configureEndpoint(params);
      tokens = await openTokenSocket(isIPv6(params.gateway) ? "ipv6" : "ipv4");
      return {};
    },
    ping: (params: PingParams) => ping(params),
    pathMtu: (params: PathMtuParams) => findPathMtu(params),
    send: async (params: SendParams) => getTokens().send(params),
    received: async (params: ReceivedParams) => getTokens().received(params),
    resolve: (params: ResolveParams) => resolveOnLink(params),
    claims: (params: ResolveParams) => findClaims(params),
  };
  const answer = async ({ id, op, params }: Request): Promise<void> => {
    const reply = await operations[op]?.(params as never).then(
      (result) => ({ id, result }),
      (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
    );
    process.stdout.write(`${JSON.stringify(reply ?? { id, error: `unknown operation ${op}` })}\n`);
  };
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => void answer(JSON.parse(line) as Request));
  lines.on("close", () => process.exit(0));
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
}
