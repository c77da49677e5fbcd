import type { MethodName, ParamsOf } from "../../rpc/methods.ts";
import type { Connection, Transport } from "../../transport/connection.ts";
import { setTicker } from "./output.ts";

/** Below a second nobody waits. */
const PATIENT_MS = 1_000;
const REDRAW_MS = 500;
/** Hosts named before it says "and N more". */
const MOST_NAMED = 5;

/** What a host is doing, in words, while its answer is awaited. Upkeep of a conversation is nobody's business. */
const WORDS: Partial<Readonly<Record<MethodName | "open", string>>> = {
  open: "connecting",
  observe: "reading",
  settle: "ending what was cut off",
  begin: "beginning",
  runStage: "changing",
  confirm: "confirming",
  revert: "going back",
  finish: "finishing",
  holders: "reading addresses",
  "probe.start": "measuring",
  "probe.batch": "measuring",
  "probe.stop": "measuring",
};

/** Says in one line, in place, which hosts are being waited for and why: on a terminal, from the first second on. */
export function showWaiting(transport: Transport, { isShown = process.stderr.isTTY }: { isShown?: boolean } = {}): Transport {
  if (!isShown) return transport;
  const waits = new Set<{ host: string; word: string; sinceMs: number }>();
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    const late = [...waits].filter(({ sinceMs }) => performance.now() - sinceMs >= PATIENT_MS);
    setTicker(late.length === 0 ? "" : describeWaits(late, performance.now()));
    if (waits.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const track = async <T>(host: string, what: MethodName | "open", act: Promise<T>): Promise<T> => {
    const word = WORDS[what];
    if (word === undefined) return act;
    const wait = { host, word, sinceMs: performance.now() };
    waits.add(wait);
    timer ??= setInterval(draw, REDRAW_MS).unref();
    return act.finally(() => {
      waits.delete(wait);
      draw();
    });
  };
  const follow = (connection: Connection): Connection => ({
    ...connection,
    request: <Name extends MethodName>(method: Name, params: ParamsOf<Name>, timeoutMs?: number) =>
      track(connection.host, method, connection.request(method, params, timeoutMs)),
  });
  return { ...transport, open: async (host, options) => follow(await track(host.name, "open", transport.open(host, options))) };
}

/** "  4 s  reading: vm2, vm3; connecting: vm9" */
function describeWaits(waits: readonly { host: string; word: string; sinceMs: number }[], nowMs: number): string {
  const longestS = Math.floor((nowMs - Math.min(...waits.map(({ sinceMs }) => sinceMs))) / 1000);
  const groups = [...Map.groupBy(waits, ({ word }) => word)].map(([word, group]) => {
    const hosts = [...new Set(group.map(({ host }) => host))].sort();
    const more = hosts.length > MOST_NAMED ? ` and ${hosts.length - MOST_NAMED} more` : "";
    return `${word}: ${hosts.slice(0, MOST_NAMED).join(", ")}${more}`;
  });
  return `${String(longestS).padStart(3)} s  ${groups.join("; ")}`;
}
