import type { StageResult } from "../host/change/transaction.ts";
import type { RevertResult } from "../host/change/revert-plan.ts";
import type { Settled } from "../host/change/settle-leftover.ts";
import type { DropRule } from "../host/observe/read-drops.ts";
import type { HeardMac, HostHolders } from "../host/observe/read-holders.ts";
import type { BatchAnswer } from "../host/probe/methods.ts";
import type { OperationName, Place, ProbeSpec } from "../host/probe/protocol.ts";
import type { PendingPlan } from "../host/restore/recovery-methods.ts";
import type { Preparation, Prepared } from "../model/prepared.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Stage, Step } from "../model/step.ts";
import type { RestorePoint } from "../plan/compile/restore-point.ts";

/** Raised with every change of the messages; both sides say theirs in `hello`. */
export const PROTOCOL = 1;

interface Method<Params, Result> {
  params: Params;
  result: Result;
}
type Nothing = Readonly<Record<string, never>>;

/**
 * What a controller asks of a host program: JSON-RPC 2.0, one message a line. Both sides run the same version, which `hello`
 * makes sure of; the host checks every parameter with a schema of its own all the same.
 */
export interface HostMethods {
  hello: Method<{ version?: string }, { protocol: number; version: string; pid: number; peer?: string }>;
  observe: Method<Nothing, Snapshot>;
  /** Ends a plan that was cut off, when nobody is at it any more. */
  settle: Method<{ operator: string }, Partial<Settled>>;
  /** Makes what is missing of it, and gives the public parts. */
  prepare: Method<{ clusterUuid: string; what: readonly Preparation[] }, Prepared>;
  begin: Method<BeginParams, object>;
  runStage: Method<{ planId: string; stage: Stage }, StageResult>;
  confirm: Method<{ planId: string }, object>;
  /** Undefined when a confirm came first: then there is no way back. */
  revert: Method<{ planId: string }, RevertResult | undefined>;
  finish: Method<{ planId: string }, object>;
  offer: Method<{ planId: string; hosts: readonly string[] }, object>;
  pending: Method<Nothing, Partial<PendingPlan>>;
  /** What the host was last confirmed to be for a cluster. */
  confirmed: Method<{ clusterUuid: string }, Partial<RestorePoint>>;
  unfreeze: Method<Nothing, { wasFrozen: boolean }>;
  purge: Method<Nothing, { removed: boolean }>;
  holders: Method<Nothing, HostHolders>;
  heardMacs: Method<{ bridges: readonly string[] }, readonly HeardMac[]>;
  /** Rules that refuse packets, with how many they have refused. */
  drops: Method<Nothing, readonly DropRule[]>;
  containerPids: Method<{ ids: readonly string[] }, readonly number[]>;
  "probe.start": Method<{ probes: readonly ProbeSpec[] }, readonly BatchAnswer[]>;
  "probe.batch": Method<{ calls: readonly { place: Place; op: OperationName; params: unknown }[] }, readonly BatchAnswer[]>;
  "probe.stop": Method<Nothing, object>;
}

export interface BeginParams {
  planId: string;
  clusterUuid: string;
  basis: string;
  steps: readonly Step[];
  operator: string;
  address: string;
  confirmWithinMs?: number | undefined;
  repair?: boolean | undefined;
}

export type MethodName = keyof HostMethods;
export type ParamsOf<Name extends MethodName> = HostMethods[Name]["params"];
export type ResultOf<Name extends MethodName> = HostMethods[Name]["result"];

/** The host's side: parameters come from a wire, so nothing is known of them. */
export type Handlers = { readonly [Name in MethodName]: (params: unknown) => Promise<ResultOf<Name>> };

/** A method by the name that came over the wire; undefined when there is none. */
export function findHandler(handlers: Partial<Handlers>, name: string): ((params: unknown) => Promise<unknown>) | undefined {
  return Object.hasOwn(handlers, name) ? handlers[name as MethodName] : undefined;
}
