import type { HeardMac, HostHolders } from "../host/observe/read-holders.ts";
import type { AddressHolder } from "./address-holder.ts";

export interface DuplicateAddress {
  network: string;
  address: string;
  holders: readonly AddressHolder[];
}

export interface DuplicateInput {
  network: string;
  /** As `collectHolders` found them. */
  known: ReadonlyMap<string, readonly AddressHolder[]>;
  /** Who answered for an address when the network was asked: address to MACs. */
  claims: ReadonlyMap<string, ReadonlySet<string>>;
  hosts: ReadonlyMap<string, HostHolders>;
  heard: ReadonlyMap<string, readonly HeardMac[]>;
}

/** Addresses with more than one holder, whoever knows of them. */
export function findDuplicates(input: DuplicateInput): DuplicateAddress[] {
  const addresses = [...new Set([...input.known.keys(), ...input.claims.keys()])];
  return addresses.flatMap((address) => {
    const holders = joinClaims(input, address);
    return holders.length < 2 ? [] : [{ network: input.network, address, holders }];
  });
}

/** What was seen on the wire belongs to a holder we know by its MAC, or is a stranger. */
function joinClaims(input: DuplicateInput, address: string): AddressHolder[] {
  const known = input.known.get(address) ?? [];
  const macs = input.claims.get(address) ?? new Set();
  const strangers = [...macs].filter((mac) => known.every((holder) => holder.mac !== mac));
  return [...known.map((holder) => ({ ...holder, onWire: macs.has(holder.mac) })), ...strangers.map((mac) => describeStranger(mac, input))];
}

/** Whose MAC it is, if one of our hosts or containers has it; else behind which port it was heard, on the host where that is no tunnel. */
function describeStranger(mac: string, { hosts, heard }: DuplicateInput): AddressHolder {
  const found = { mac, running: true, dockerNetwork: "", inKernel: false, onWire: true };
  for (const [host, { containers, devices }] of hosts) {
    const own = devices.find((device) => device.mac === mac);
    if (own !== undefined) return { ...found, kind: "host", host, name: "", device: own.device };
    for (const { name, devices: inside } of containers) {
      const device = inside.find((candidate) => candidate.mac === mac);
      if (device !== undefined) return { ...found, kind: "container", host, name, device: device.device };
    }
  }
  for (const [host, macs] of heard) {
    const at = macs.find((entry) => entry.mac === mac && !entry.isOurs);
    if (at !== undefined) return { ...found, kind: "stranger", host, name: "", device: at.port };
  }
  return { ...found, kind: "stranger", host: "", name: "", device: "" };
}
