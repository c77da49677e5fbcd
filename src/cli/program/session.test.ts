import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { applied, problemsOf } from "../../../tests/fake/plan-case.ts";
import { formatLock } from "../../lock/lock-file.ts";
import { hostsOf } from "../../engine/session.ts";
import { openSession, requireHosts } from "./session.ts";

const SPEC = `
version: 1
cluster: c
hosts:
  h1: { address: 192.0.2.1 }
  h2: { address: 192.0.2.2 }
networks:
  n1: { subnet: 10.64.0.0/16 }
`;

test("a host that left the file is named as long as the lock knows it, by verbs that change hosts; of it nothing is measured", async () => {
  const directory = await mkdtemp(join(tmpdir(), "spanwire-session-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "spanwire.yaml");
  const lock = join(directory, "spanwire.lock");
  await writeFile(file, SPEC);
  const { plan } = await applied(); // h1, h2 and h3
  await writeFile(lock, formatLock(plan.lock!));

  const session = await openSession({ file, lock, host: ["h3"] });
  expect(hostsOf(session, ["h3"]).map(({ name }) => name)).toEqual(["h3"]);
  const [unknown] = await problemsOf(openSession({ file, lock, host: ["h1", "h4"] }));
  expect(unknown).toMatchObject({ kind: "input", what: "host h4", try: "name one of h1, h2, h3" });
  const [left] = await problemsOf(Promise.resolve().then(() => requireHosts(session.spec.cluster.hosts, { file, host: ["h3"] })));
  expect(left).toMatchObject({ kind: "input", what: "host h3", try: "name one of h1, h2" });

  await writeFile(lock, formatLock({ ...plan.lock!, hosts: {}, removedHosts: plan.lock!.hosts }));
  expect(hostsOf(await openSession({ file, lock, host: ["h3"] }), ["h3"]).map(({ name }) => name)).toEqual(["h3"]);
});
