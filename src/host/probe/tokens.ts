import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { ReceivedParams, ReceivedResult, SendParams, SendResult } from "./protocol.ts";

/** Any port would do inside the probe's own namespace; from the dynamic range (RFC 6335), so that no service is meant. */
const TOKEN_PORT = 49_787;
/** Different (token, source) pairs remembered: a flood from a stranger must not fill our memory. */
const MAX_DIFFERENT = 100_000;
const MAX_TOKEN_BYTES = 200;

/** Counts every copy of every token that reaches this namespace. Lives as long as the probe process. */
export interface TokenSocket {
  send(params: SendParams): Promise<SendResult>;
  received(params: ReceivedParams): Promise<ReceivedResult>;
}

export async function openTokenSocket(family: "ipv4" | "ipv6"): Promise<TokenSocket> {
  const socket = createSocket({ type: family === "ipv6" ? "udp6" : "udp4" });
  const counts = new Map<string, { token: string; source: string; copies: number }>();
  const tokens = new Set<string>();
  let onToken = (): void => {};
  socket.on("message", (message, from) => {
    if (message.length > MAX_TOKEN_BYTES) return;
    const token = message.toString("latin1");
    const key = `${from.address} ${token}`;
    const known = counts.get(key);
    if (known !== undefined) known.copies++;
    else if (counts.size < MAX_DIFFERENT) counts.set(key, { token, source: from.address, copies: 1 });
    tokens.add(token);
    onToken();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(TOKEN_PORT, resolve);
  });
  if (family === "ipv4") socket.setBroadcast(true);

  return {
    async send({ messages }) {
      const failed: { token: string; address: string; why: string }[] = [];
      const sendOne = ({ token, address }: SendParams["messages"][number]): Promise<void> =>
        new Promise((resolve) => {
          const target = isIPv6(address) && address.startsWith("ff02:") ? `${address}%eth0` : address;
          socket.send(token, TOKEN_PORT, target, (error) => {
            if (error !== null) failed.push({ token, address, why: error.message });
            resolve();
          });
        });
      await Promise.all(messages.map(sendOne));
      return { failed };
    },
    async received({ expect, settleMs, deadlineMs }) {
      const complete = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadlineMs);
        onToken = () => {
          if (!expect.every((token) => tokens.has(token))) return;
          clearTimeout(timer);
          resolve();
        };
        onToken();
      });
      // What must not arrive has no event to await: one bounded wait for all of it.
      await Promise.all([complete, new Promise((resolve) => setTimeout(resolve, settleMs))]);
      return [...counts.values()];
    },
  };
}
