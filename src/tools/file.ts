import { z } from "zod";
import { findOwnFile, isOwnContent, type ServiceName } from "./own-files.ts";
import { DONE, endedWith, estimateProcessMs, type Tool } from "./tool.ts";

const schema = z.discriminatedUnion("op", [
  z.strictObject({ tool: z.literal("file"), op: z.literal("write"), path: z.string(), content: z.string() }),
  z.strictObject({ tool: z.literal("file"), op: z.literal("remove"), path: z.string() }),
]);
type FileCommand = z.output<typeof schema>;

/** How a service hears that its files have changed. None of them touches a device by it. */
const RELOADS: Readonly<Record<ServiceName, readonly [string, ...string[]]>> = {
  systemd: ["systemctl", "daemon-reload"],
  networkd: ["networkctl", "reload"],
  NetworkManager: ["nmcli", "general", "reload", "conf"],
};

/** Files of ours under /etc, and only what we would write there. */
export const file: Tool<FileCommand> = {
  tool: "file",
  schema,
  render: ({ op, path }) => [op === "remove" ? `rm ${path}` : `install -m 644 /dev/stdin ${path}`],
  joins: () => true,
  estimateMs: estimateProcessMs,

  async run(commands, host) {
    const services = new Set<ServiceName>();
    for (const command of commands) {
      const { path } = command;
      const found = findOwnFile(path);
      if (found === undefined) throw new Error(`${path} is no file of ours`);
      if (command.op === "write" && !isOwnContent(path, command.content)) throw new Error(`that is not what ${path} may hold`);
      if (command.op === "remove") await host.removeOwnFile(path);
      else await host.writeOwnFile(path, command.content, found.isLink);
      services.add(found.service);
    }
    for (const service of services) {
      const result = endedWith(await host.run(RELOADS[service]));
      if (!result.ok) return result;
    }
    return DONE;
  },
};
