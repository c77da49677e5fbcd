import type { z } from "zod";
import type { Attach, Network } from "../model/cluster.ts";
import type { ResolvedMember, ResolvedNetwork } from "../model/network.ts";
import type { FilePosition, Problem } from "../model/problem.ts";
import type { Resource } from "../kinds/index.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Step } from "../model/step.ts";
import type { HostFacts } from "../model/host-state.ts";

/** How members get on a network. Pure; one folder each under src/attach, one line in index.ts. */
export interface Attachment<Written = unknown, Spec extends Attach = Attach> {
  type: Spec["type"];
  /** The value of `docker:` that asks for it; no two accept the same. */
  schema: z.ZodType<Written>;
  /** `written` is absent where it is the default and the file says nothing. */
  resolve(network: string, written: Written | undefined): Spec;
  /** What is wrong in the file; `earlier` are the networks before this one. */
  check?(input: AttachCheckInput): Problem[];
  compile(input: AttachCompileInput): Resource[];
  /** What would make a step fail on this host, or hurt somebody. Called also without a network of it. */
  preflight?(input: AttachPreflightInput): Problem[];
  /** What ails members, or will after these steps, that no step of ours mends. Called also without a network of it. */
  findMemberTroubles?(input: AttachMembersInput): Problem[];
}

export interface AttachCheckInput {
  network: Network;
  earlier: readonly Network[];
  /** A problem at a field below `docker`. */
  fail(field: readonly PropertyKey[], about: Pick<Problem, "why" | "try">): Problem;
  locate(path: readonly PropertyKey[]): FilePosition;
}

export interface AttachCompileInput {
  network: ResolvedNetwork;
  member: ResolvedMember;
  cluster: string;
  clusterUuid: string;
}

export interface AttachMembersInput {
  networks: readonly ResolvedNetwork[];
  /** By host, of those that answered. */
  snapshots: ReadonlyMap<string, Snapshot>;
  steps: ReadonlyMap<string, readonly Step[]>;
}

export interface AttachPreflightInput {
  host: { name: string };
  /** Those of this attachment that the host is a member of. */
  networks: readonly ResolvedNetwork[];
  facts: HostFacts;
  snapshot: Snapshot;
  steps: readonly Step[];
}
