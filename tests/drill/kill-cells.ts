import type { FaultMoment } from "../fault/faulty-system.ts";
import type { DockerFlavour } from "../../src/lab/lab-state.ts";
import type { OvsChoice } from "../../src/lab/host/ovs-datapath.ts";
import type { Step } from "../../src/model/step.ts";
import { hostLines } from "../lab/cluster-lab.ts";

const FAULTS = ["kill host program", "kill controller", "cut link", "reboot", "disk full"] as const;
const MOMENTS = ["before", "inside", "after"] as const satisfies FaultMoment[];

/** One square of the matrix. */
export interface Cell {
  step: Pick<Step, "id" | "stage">;
  /** Of the step's resource. */
  kind: string;
  moment: FaultMoment;
  fault: (typeof FAULTS)[number];
}

/** Hosts, and two changes that follow each other in turn: a network goes and another comes. */
export interface Scene {
  name: string;
  docker: DockerFlavour;
  ovs: OvsChoice;
  changes: readonly [string, string];
  /** A later scene takes only the steps of which the earlier ones had none. */
  takes(kind: string): boolean;
}

const kindOf = (step: Step): string => (step.after ?? step.before)?.kind ?? "";
const PER_HOST = "{ mode: per-host, slicePrefix: 24 }";

export const SCENES: readonly Scene[] = [
  {
    ...{ name: "vxlan", docker: "none", ovs: "none", takes: () => true },
    changes: ["more: { subnet: 10.80.0.0/16, docker: none }", "other: { subnet: 10.96.0.0/16, docker: none }"],
  },
  {
    ...{ name: "ovs", docker: "none", ovs: "netdev", takes: (kind) => kind.startsWith("ovs-") || kind === "route" },
    changes: [
      `more: { subnet: 10.80.0.0/16, docker: none, dataplane: ovs, addressing: ${PER_HOST} }`,
      `other: { subnet: 10.96.0.0/16, docker: none, dataplane: ovs, addressing: ${PER_HOST} }`,
    ],
  },
  {
    ...{ name: "docker", docker: "host", ovs: "none", takes: (kind) => kind === "docker-network" },
    changes: ["more: { subnet: 10.80.0.0/16 }", "other: { subnet: 10.96.0.0/16 }"],
  },
];

export const specOf = (change: string): string => `
version: 1
cluster: drill
hosts:
${hostLines(2)}
networks:
  apps: { subnet: 10.64.0.0/16, docker: none }
  ${change}
`;

export const listCells = (scene: Scene, steps: readonly Step[]): Cell[] =>
  steps
    .filter((step) => scene.takes(kindOf(step)))
    .flatMap((step) => MOMENTS.flatMap((moment) => FAULTS.map((fault): Cell => ({ step, kind: kindOf(step), moment, fault }))));

/** The same order for the same seed (mulberry32). */
export function shuffle(cells: readonly Cell[], seed: number): Cell[] {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return cells
    .map((cell) => ({ cell, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ cell }) => cell);
}
