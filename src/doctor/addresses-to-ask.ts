import type { HostHolders } from "../host/observe/read-holders.ts";
import { compareText } from "../util/compare-text.ts";
import type { TargetNetwork } from "../verify/measure/target.ts";
import { isOfNetwork, type AddressHolder } from "./address-holder.ts";

export interface ToAskInput {
  network: TargetNetwork;
  /** As `collectHolders` found them. */
  known: ReadonlyMap<string, readonly AddressHolder[]>;
  /** Kept in the file, whether anybody has them or not. */
  reserved: readonly string[];
  hosts: ReadonlyMap<string, HostHolders>;
}

/** What somebody has, was given or has answered for, and the hosts' own: strangers may sit on any of them, also two on one. */
export function listAddressesToAsk({ network, known, reserved, hosts }: ToAskInput): string[] {
  const own = network.hosts.flatMap(({ gateway, overlay }) => [gateway, overlay]);
  const seen = [...hosts.values()].flatMap(({ neighbours }) => neighbours).filter((address) => isOfNetwork(network, address));
  return [...new Set([...known.keys(), ...own, ...reserved, ...seen])].sort(compareText);
}
