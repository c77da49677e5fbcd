import { z } from "zod";
import { DONE, endedWith, estimateProcessMs, type BatchResult, type Tool, type ToolHost } from "./tool.ts";

const device = z.string().regex(/^spwg[a-z2-7]{10}$/);
/** No stand-in for one: a plan is prepared before it is carried out. */
const publicKey = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);

const schema = z.discriminatedUnion("op", [
  z.strictObject({ tool: z.literal("wg"), op: z.literal("start"), device }),
  z.strictObject({ tool: z.literal("wg"), op: z.literal("clear"), device }),
  z.strictObject({
    tool: z.literal("wg"),
    op: z.literal("device"),
    device,
    port: z.int().min(0).max(65_535),
    cluster: z.uuid(),
    publicKey,
  }),
  z.strictObject({
    ...{ tool: z.literal("wg"), op: z.literal("peer"), device, publicKey },
    endpoint: z.string().regex(/^([0-9a-f.:[\]]+:\d{1,5})?$/),
    allowedIps: z.array(z.string().regex(/^[0-9a-f.:]+\/\d{1,3}$/)).readonly(),
    keepaliveS: z.int().min(0).max(65_535),
  }),
  z.strictObject({ tool: z.literal("wg"), op: z.literal("forget-peer"), device, publicKey }),
]);
type WgCommand = z.output<typeof schema>;
type Setting = Exclude<WgCommand, { op: "start" | "clear" }>;

/** Peers of one call, about 200 bytes each: an argument list may have a quarter of the stack's limit, 2 MiB of 8 (execve(2)). */
const MOST_SETTINGS = 1000;

/**
 * wg(8), and wireguard-go where a file asks for it. What is said of one device in a row is one call. A private key is only ever named
 * by its file.
 */
export const wg: Tool<WgCommand> = {
  tool: "wg",
  schema,
  batchedAs: "ip",
  joins: () => true,
  estimateMs: estimateProcessMs,

  render(command) {
    if (command.op === "start") return [`wireguard-go ${command.device}`];
    if (command.op === "clear") return [`rm -f ${socketOf(command.device)}`];
    return [
      ["wg", "set", command.device, ...wordsOf(command, (cluster, key) => `/var/lib/spanwire/keys/${cluster}/${fileOf(key)}`)].join(" "),
    ];
  },

  async run(commands, host) {
    let waiting: Setting[] = [];
    for (const command of commands) {
      if (isSetting(command) && (waiting.length === 0 || mayJoin(waiting, command))) {
        waiting.push(command);
        continue;
      }
      const result = await settle(waiting, host);
      if (!result.ok) return result;
      waiting = [];
      if (isSetting(command)) waiting.push(command);
      else if (command.op === "clear") await host.removeSocket(socketOf(command.device));
      else await host.startDaemon(["wireguard-go", command.device]);
    }
    return settle(waiting, host);
  },
};

/** As src/host/state/key-files.ts names it (RFC 4648, section 5), for whoever reads a plan. */
const fileOf = (key: string): string => `${key.replaceAll("+", "-").replaceAll("/", "_").replace(/=$/, "")}.wireguard`;

const isSetting = (command: WgCommand): command is Setting => command.op !== "start" && command.op !== "clear";

/** wg(8) wants what is said of the device itself before all peers. */
const mayJoin = (waiting: readonly Setting[], next: Setting): boolean =>
  waiting[0]?.device === next.device && next.op !== "device" && waiting.length < MOST_SETTINGS;

async function settle(settings: readonly Setting[], host: ToolHost): Promise<BatchResult> {
  const [first] = settings;
  if (first === undefined) return DONE;
  return endedWith(await host.run(["wg", "set", first.device, ...settings.flatMap((setting) => wordsOf(setting, host.keyPath))]));
}

function wordsOf(setting: Setting, keyPath: ToolHost["keyPath"]): string[] {
  if (setting.op === "device") return ["listen-port", String(setting.port), "private-key", keyPath(setting.cluster, setting.publicKey)];
  if (setting.op === "forget-peer") return ["peer", setting.publicKey, "remove"];
  const { publicKey: key, endpoint, allowedIps, keepaliveS } = setting;
  const at = endpoint === "" ? [] : ["endpoint", endpoint];
  return ["peer", key, ...at, "persistent-keepalive", String(keepaliveS), "allowed-ips", allowedIps.join(",")];
}

/** Where wireguard-go listens for wg(8) (golang.zx2c4.com/wireguard/ipc); it leaves the file behind when its device goes. */
const socketOf = (name: string): string => `/var/run/wireguard/${name}.sock`;
