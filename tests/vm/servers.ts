import { createDesk, type Desk } from "./desk.ts";
import { createMachine, type Machine } from "./machine.ts";
import { getVmImage } from "./vm-image.ts";

/** Machines and the desk that reaches them. */
export interface Servers {
  readonly desk: Desk;
  readonly machines: readonly Machine[];
  close(): Promise<void>;
}

export interface ServersWish {
  count: number;
  memoryMiB: number;
  processors: number;
  /** What becomes the machines' second disk, made in the directory of this run. */
  packArchive?: (directory: string) => Promise<string>;
}

/** vm1, vm2, ... at 10.99.0.1, 10.99.0.2, ...: the hosts of the examples. Powered on and up. */
export async function startServers({ count, memoryMiB, processors, packArchive }: ServersWish): Promise<Servers> {
  const image = getVmImage();
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const desk = await createDesk(numbers.map((number) => `port${number}`));
  const machines: Machine[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(machines.map((machine) => machine.cutPower()));
    await desk.close();
  };
  try {
    const archive = await packArchive?.(desk.directory);
    for (const number of numbers) {
      const mac = `52:54:00:99:00:0${number}`;
      machines.push(
        await createMachine(desk, image, {
          name: `vm${number}`,
          address: `10.99.0.${number}`,
          tap: `port${number}`,
          mac,
          memoryMiB,
          processors,
          ...(archive === undefined ? {} : { archive }),
        }),
      );
    }
    await Promise.all(machines.map((machine) => machine.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return { desk, machines, close };
}
