import { containsPrefix } from "../net/prefix.ts";
import type { HeldContainer, HeldDevice, HostHolders } from "../host/observe/read-holders.ts";
import type { TargetNetwork } from "../verify/measure/target.ts";

/** Somebody who has an address, and how we know. */
export interface AddressHolder {
  kind: "container" | "host" | "stranger";
  /** Where it sits; of a stranger where its frames come from, "" when no host knows. */
  host: string;
  /** The container's name; "" for others. */
  name: string;
  /** Of a stranger the port of our bridge behind which it was heard. */
  device: string;
  mac: string;
  /** A container that is stopped holds what it was given by hand: it will want it again. */
  running: boolean;
  /** The Docker network that has it written down; "" when none has. */
  dockerNetwork: string;
  /** Its kernel has the address on a device. */
  inKernel: boolean;
  /** It answered when the network was asked who has the address. */
  onWire: boolean;
}

/** By address: everybody on all hosts who has one of this network's, as Docker and the kernels say. */
export function collectHolders(network: TargetNetwork, hosts: ReadonlyMap<string, HostHolders>): Map<string, AddressHolder[]> {
  const byAddress = new Map<string, AddressHolder[]>();
  const note = (address: string, holder: AddressHolder): void => {
    if (!isOfNetwork(network, address)) return;
    byAddress.set(address, [...(byAddress.get(address) ?? []), holder]);
  };
  for (const [host, { containers, devices }] of hosts) {
    for (const device of devices)
      for (const address of device.addresses) note(address, { ...onDevice(host, device), kind: "host", name: "", dockerNetwork: "" });
    for (const container of containers) for (const [address, holder] of holdersOf(host, container)) note(address, holder);
  }
  return byAddress;
}

/** One holder per address of a container, though both Docker and its kernel name it. */
function holdersOf(host: string, container: HeldContainer): Map<string, AddressHolder> {
  const holders = new Map<string, AddressHolder>();
  for (const { network, address, mac } of container.endpoints) {
    holders.set(address, {
      ...{ kind: "container", host, name: container.name, device: "", mac, running: container.running },
      ...{ dockerNetwork: network, inKernel: false, onWire: false },
    });
  }
  for (const device of container.devices) {
    for (const address of device.addresses) {
      const dockerNetwork = holders.get(address)?.dockerNetwork ?? "";
      holders.set(address, { ...onDevice(host, device), kind: "container", name: container.name, dockerNetwork });
    }
  }
  return holders;
}

const onDevice = (host: string, { device, mac }: HeldDevice) => ({ host, device, mac, running: true, inKernel: true, onWire: false });

export const isOfNetwork = ({ subnet, hosts }: TargetNetwork, address: string): boolean =>
  containsPrefix(subnet, address) || hosts.some(({ overlay }) => overlay === address);
