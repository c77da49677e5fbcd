import type { Command } from "../../model/resource.ts";

/** A command as a person would type it: for reading, never for a shell. */
export function renderCommand(command: Command): string[] {
  switch (command.tool) {
    case "ip":
    case "bridge":
    case "ethtool":
      return [`${command.tool} ${command.args.join(" ")}`];
    case "ovs":
      return [`ovs-vsctl ${command.args.join(" ")}`];
    case "nft":
      return ["nft -f - <<'.'", ...command.script.trimEnd().split("\n"), "."];
    case "sysctl":
      return [`sysctl -w ${command.key}=${command.value}`];
    case "state":
      return [command.op === "remember" ? `# keep the former value of ${command.key}: ${command.value}` : `# forget ${command.key}`];
    case "file":
      return [command.op === "remove" ? `rm ${command.path}` : `install -m 644 /dev/stdin ${command.path}`];
    case "docker":
      return command.op === "remove-network" ? [`docker network rm ${command.name}`] : renderCreate(command);
  }
}

function renderCreate({ body, sweep }: Extract<Command, { op: "create-network" }>): string[] {
  const pool = body.IPAM.Config[0];
  const options = Object.entries(body.Options).map(([key, value]) => `-o ${key}=${value}`);
  const labels = Object.entries(body.Labels).map(([key, value]) => `--label ${key}=${value}`);
  return [
    `# ask on ${sweep.device} who already uses an address of ${sweep.range}; each becomes an --aux-address`,
    [
      `docker network create -d ${body.Driver} --subnet ${pool?.Subnet} --ip-range ${pool?.IPRange} --gateway ${pool?.Gateway}`,
      ...Object.entries(pool?.AuxiliaryAddresses ?? {}).map(([name, address]) => `--aux-address ${name}=${address}`),
      ...options,
      ...labels,
      body.Name,
    ].join(" "),
  ];
}
