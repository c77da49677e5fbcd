import { formatProblem } from "../model/problem.ts";
import type { AddressHolder } from "./address-holder.ts";
import type { AddressReport } from "./examine-addresses.ts";

export function renderAddresses({ networks, duplicates, members, notTested }: AddressReport): string {
  const lines = duplicates.flatMap(({ network, address, holders }) => [
    `${address} in network ${network} is used ${holders.length === 2 ? "twice" : `${holders.length} times`}:`,
    ...holders.map((holder) => `  ${describeHolder(holder)}`),
    "  try: give all but one of them another address (`docker run --ip`, or reserve one with `ip:` in the file)",
    "",
  ]);
  for (const { name, addresses, askedFrom } of networks) {
    const from = askedFrom.length === 0 ? "not asked on the wire" : `asked on the wire from ${askedFrom.join(", ")}`;
    lines.push(`network ${name}: ${addresses} ${addresses === 1 ? "address" : "addresses"}, ${from}`);
  }
  for (const problem of members) lines.push(`take care: ${formatProblem(problem)}`);
  for (const problem of notTested) lines.push(`not tested: ${formatProblem(problem)}`);
  if (duplicates.length === 0)
    lines.push(notTested.length === 0 ? "no address is used twice" : "no address that was looked at is used twice");
  return lines.join("\n");
}

function describeHolder(holder: AddressHolder): string {
  const known = [
    ...(holder.dockerNetwork === "" ? [] : [`in Docker's network ${holder.dockerNetwork}`]),
    ...(holder.inKernel ? ["in its kernel"] : []),
    holder.onWire ? "answers on the wire" : holder.running ? "silent on the wire" : "not running",
  ];
  return `${describePlace(holder)}, MAC ${holder.mac === "" ? "unknown" : holder.mac} (${known.join(", ")})`;
}

function describePlace({ kind, host, name, device }: AddressHolder): string {
  if (kind === "container") return `container ${name} on ${host}${device === "" ? "" : `, ${device}`}`;
  if (kind === "host") return `host ${host}, ${device}`;
  return host === "" ? "a stranger that no host has heard" : `a stranger behind port ${device} on ${host}`;
}
