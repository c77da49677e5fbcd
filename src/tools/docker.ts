import { z } from "zod";
import { prefixSize } from "../net/prefix.ts";
import type { Tool, ToolHost } from "./tool.ts";

const pool = z.strictObject({
  Subnet: z.string(),
  IPRange: z.string(),
  Gateway: z.string(),
  AuxiliaryAddresses: z.record(z.string(), z.string()),
});

/** Docker Engine API, POST /networks/create. */
const networkBody = z.strictObject({
  Name: z.string(),
  CheckDuplicate: z.literal(true),
  Driver: z.literal("bridge"),
  EnableIPv6: z.boolean(),
  IPAM: z.strictObject({ Driver: z.literal("default"), Config: z.array(pool) }),
  Options: z.record(z.string(), z.string()),
  Labels: z.record(z.string(), z.string()),
});
export type DockerNetworkBody = z.output<typeof networkBody>;

const createNetwork = z.strictObject({
  tool: z.literal("docker"),
  op: z.literal("create-network"),
  body: networkBody,
  /** Asked first, on the wire, for who already uses an address. */
  sweep: z.strictObject({ device: z.string(), range: z.string() }),
});
const removeNetwork = z.strictObject({ tool: z.literal("docker"), op: z.literal("remove-network"), name: z.string() });
const schema = z.discriminatedUnion("op", [createNetwork, removeNetwork]);
export type DockerCommand = z.output<typeof schema>;
type CreateNetwork = z.output<typeof createNetwork>;

/** One call of the Engine API; creating a network takes 0.1 s on an idle machine. */
const CALL_MS = 15_000;
/** The sweep asks 128 addresses in 400 ms on a busy host, of at most 2048 (src/host/execute/sweep-range.ts). */
const SWEEP_MS_PER_ADDRESS = 400 / 128;
const SWEPT_ADDRESSES = 2048;

/** Calls of the Docker Engine API, one by one. */
export const docker: Tool<DockerCommand> = {
  tool: "docker",
  schema,
  render: (command) => (command.op === "remove-network" ? [`docker network rm ${command.name}`] : renderCreate(command)),
  joins: () => false,

  estimateMs: (commands) =>
    commands.reduce((sum, command) => {
      const swept = command.op === "create-network" ? Math.min(Number(prefixSize(command.sweep.range)), SWEPT_ADDRESSES) : 0;
      return sum + CALL_MS + Math.ceil(swept * SWEEP_MS_PER_ADDRESS);
    }, 0),

  async run(commands, host) {
    const notes: string[] = [];
    for (const command of commands) {
      if (command.op === "remove-network") await host.callDocker("DELETE", `/networks/${encodeURIComponent(command.name)}`);
      else notes.push(...(await create(command, host)));
    }
    return { ok: true, why: "", notes };
  },
};

/** Addresses of the range that answer already become auxiliary addresses, which Docker does not hand out. */
async function create({ body, sweep }: CreateNetwork, host: ToolHost): Promise<string[]> {
  const { squatters } = await host.sweep(sweep.device, sweep.range);
  const auxiliary = Object.fromEntries(squatters.map(({ address }, index) => [`squatter-${index + 1}`, address]));
  const pools = body.IPAM.Config.map((config) => ({ ...config, AuxiliaryAddresses: { ...config.AuxiliaryAddresses, ...auxiliary } }));
  await host.callDocker("POST", "/networks/create", { ...body, IPAM: { ...body.IPAM, Config: pools } });
  return squatters.map(
    ({ address, mac }) => `${address} is already used on network ${body.Name} by ${mac}: Docker will not hand it out (auxiliary address)`,
  );
}

function renderCreate({ body, sweep }: CreateNetwork): string[] {
  const config = body.IPAM.Config[0];
  const options = Object.entries(body.Options).map(([key, value]) => `-o ${key}=${value}`);
  const labels = Object.entries(body.Labels).map(([key, value]) => `--label ${key}=${value}`);
  return [
    `# ask on ${sweep.device} who already uses an address of ${sweep.range}; each becomes an --aux-address`,
    [
      `docker network create -d ${body.Driver} --subnet ${config?.Subnet} --ip-range ${config?.IPRange} --gateway ${config?.Gateway}`,
      ...Object.entries(config?.AuxiliaryAddresses ?? {}).map(([name, address]) => `--aux-address ${name}=${address}`),
      ...options,
      ...labels,
      body.Name,
    ].join(" "),
  ];
}
