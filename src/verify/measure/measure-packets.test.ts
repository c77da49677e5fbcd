import { expect, test } from "vitest";
import type { PingResult } from "../../host/probe/protocol.ts";
import { askPackets, UNMEASURED, type Journey } from "./measure-packets.ts";
import type { Round } from "./session.ts";

const answer = (change: Partial<PingResult>): PingResult => ({
  ...{ target: "10.0.0.2", received: 0, rttMs: null, tooBigMtuBytes: null, error: "" },
  ...change,
});

/** Every question gets this answer at once. */
const answering = (result: PingResult): Round => ({
  ask: (_host, _place, _op, _params, take) => take([result] as never),
  run: () => Promise.resolve(),
});

const createJourney = (): Journey => ({
  ...{ host: "vm1", place: { at: "host" }, address: "10.0.0.2", sizeBytes: 1450 },
  row: { ...UNMEASURED },
});

test("asked again in vain: the first answer's words stay", () => {
  const journey = createJourney();
  askPackets(answering(answer({ error: "" })), [journey], 1);
  askPackets(answering(answer({ error: "Destination Host Unreachable" })), [journey], 1);
  expect(journey.row).toMatchObject({ answered: true, received: 0, error: "" });
});

test("asked again with success: the second answer counts", () => {
  const journey = createJourney();
  askPackets(answering(answer({ error: "Destination Host Unreachable" })), [journey], 1);
  expect(journey.row).toMatchObject({ answered: true, received: 0, error: "Destination Host Unreachable", fullPassed: false });
  askPackets(answering(answer({ received: 3, rttMs: 0.2 })), [journey], 1);
  expect(journey.row).toMatchObject({ received: 3, rttMs: 0.2, error: "", fullPassed: true });
});
