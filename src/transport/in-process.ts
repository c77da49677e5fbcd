import type { Handlers, MethodName, ParamsOf, ResultOf } from "../rpc/methods.ts";
import { withAudit } from "../host/state/audit-log.ts";
import { createGuard, type Guard } from "../host/guard/guard.ts";
import { createHostProgram, type HostProgram } from "../host/host-program.ts";
import { createLocalSystem } from "../host/execute/local-system.ts";
import { DEFAULT_STATE_DIRECTORY, openStateDirectory } from "../host/state/state-directory.ts";
import type { HostSystem } from "../host/execute/host-system.ts";
import type { StateDirectory } from "../host/state/state-directory.ts";
import { SpanwireError } from "../model/problem.ts";
import type { Connection, Transport } from "./connection.ts";

/** This machine as the cluster's host, without a second process. */
export function createLocalTransport(selfArgv: readonly string[]): Transport {
  const root = process.env["SPANWIRE_STATE_DIR"] ?? DEFAULT_STATE_DIRECTORY;
  const state = withAudit(openStateDirectory(root), root);
  const guard = createGuard({ root, selfArgv });
  return createInProcessTransport("this machine", () => ({ system: createLocalSystem(state), state, selfArgv, guard }));
}

export interface InProcessHost {
  system: HostSystem;
  state: StateDirectory;
  selfArgv: readonly string[];
  guard?: Guard;
}

/** Host programs in this process; tests give each host a fake system. `find` throws for a host that cannot be reached. */
export function createInProcessTransport(name: string, find: (host: string) => InProcessHost): Transport {
  return {
    name,
    open: async (host) => connect(host.name, createHostProgram(find(host.name))),
  };
}

function connect(host: string, program: HostProgram): Connection {
  return {
    host,
    async request<Name extends MethodName>(method: Name, params: ParamsOf<Name>): Promise<ResultOf<Name>> {
      const handler: Handlers[Name] | undefined = program.methods[method];
      if (handler === undefined)
        throw new SpanwireError({ kind: "bug", doing: "asking", what: method, where: host, why: "no such method", try: "report this" });
      try {
        // what crosses a real wire is JSON: the same here, so that nothing else is relied on
        const result = await handler(JSON.parse(JSON.stringify(params ?? null)));
        return (result === undefined ? undefined : JSON.parse(JSON.stringify(result))) as ResultOf<Name>;
      } catch (error) {
        if (!(error instanceof SpanwireError)) throw error;
        throw new SpanwireError(
          error.problems.map((problem) => ({ ...problem, where: problem.where || host })),
          { cause: error },
        );
      }
    },
    close: () => program.end(),
  };
}
