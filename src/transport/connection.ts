import type { MethodName, ParamsOf, ResultOf } from "../rpc/methods.ts";
import type { Host } from "../model/cluster.ts";

/**
 * A conversation with one host program: JSON-RPC 2.0, one message a line. The same program answers in-process, inside a
 * lab host's namespaces and, over SSH, on a real server.
 */
export interface Connection {
  readonly host: string;
  /** Rejects with SpanwireError: `unreachable` when the program is gone, else the host's own problems. */
  request<Name extends MethodName>(method: Name, params: ParamsOf<Name>, timeoutMs?: number): Promise<ResultOf<Name>>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Over a connection of its own, shared with nobody: what a confirm needs, because an old one proves nothing about the path. */
  fresh?: boolean;
}

/** How the CLI reaches hosts. Every call opens a new conversation. */
export interface Transport {
  readonly name: string;
  /** Where records go instead of the operator's own folder: a lab's live and die with the lab. */
  readonly stateFolder?: string;
  open(host: Pick<Host, "name" | "address" | "ssh">, options?: OpenOptions): Promise<Connection>;
}
