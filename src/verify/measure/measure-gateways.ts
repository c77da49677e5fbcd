import type { Measurements } from "./measurements.ts";
import type { Endpoint, Round } from "./session.ts";

/** Does the overlay address of one host answer an endpoint on another? */
export interface GatewayQuestion {
  from: Endpoint;
  to: Endpoint;
  /** Null until the host that was asked has said something. */
  row: Measurements["gateways"][number] | null;
}

/** More than one, because the first waits for address resolution and one may be lost. */
const COUNT = 2;

export function createGatewayQuestions(endpoints: readonly Endpoint[]): GatewayQuestion[] {
  return endpoints.flatMap((from) =>
    endpoints.filter((to) => to.network === from.network && to !== from).map((to) => ({ from, to, row: null })),
  );
}

export function askGateways(round: Round, questions: readonly GatewayQuestion[], timeoutMs: number): void {
  for (const [from, asked] of Map.groupBy(questions, (question) => question.from)) {
    const targets = asked.map(({ to }) => to.at.overlay);
    round.ask(from.at.host, { at: "probe", network: from.network.name }, "ping", { targets, count: COUNT, timeoutMs }, (results) => {
      for (const [index, { received, error }] of results.entries()) {
        const question = asked[index];
        if (question === undefined) continue;
        const hosts = { from: from.at.host, to: question.to.at.host };
        question.row = { network: from.network.name, ...hosts, reached: received > 0, error };
      }
    });
  }
}
