import { until } from "../lab/until.ts";

/** Runs a command on a host of a lab and answers its stdout; a failure is an error. */
export type OnLabHost = (host: string, ...argv: string[]) => Promise<string>;

/** Of the test streams, so that an emulated machine gets past TCP's slow start. */
const SECONDS = "5";
const START_TIMEOUT_MS = 60_000;

/** TCP from one host to an address of another's, in Mbit/s, as the receiver counted it (iperf3(1)). */
export async function measureThroughput(on: OnLabHost, server: string, address: string, client: string): Promise<number> {
  const serving = on(server, "iperf3", "--server", "--one-off", "--bind", address);
  serving.catch(() => {}); // the client then says so first
  await until(
    () => on(server, "ss", "-Hltn", "sport = :5201"),
    (text) => text.includes(":5201"),
    START_TIMEOUT_MS,
  );
  const report = await on(client, "iperf3", "--client", address, "--time", SECONDS, "--json");
  await serving;
  const { end } = JSON.parse(report) as { end: { sum_received: { bits_per_second: number } } };
  return Math.round(end.sum_received.bits_per_second / 1e6);
}
