import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunResult } from "../../src/util/run.ts";
import { findCompose } from "./find-compose.ts";
import { until } from "./until.ts";
import { createClusterLab, type ClusterLab } from "./cluster-lab.ts";

const QUICKSTART = fileURLToPath(new URL("../../examples/quickstart.yaml", import.meta.url));
const COMPOSE_FILE = fileURLToPath(new URL("../../examples/compose/compose.yaml", import.meta.url));

const compose = await findCompose();
if (compose === undefined) process.stderr.write("not tested: examples/compose: neither docker-compose nor docker compose is installed\n");

describe.skipIf(compose === undefined)("examples/compose", () => {
  let lab: ClusterLab;

  beforeAll(async () => {
    lab = await createClusterLab({ docker: "host", ovs: "auto", spec: await readFile(QUICKSTART, "utf8") });
    await lab.must("apply", "--yes");
  });
  afterAll(async () => lab?.down());

  test("a Compose service with a static address answers a container on another host", async () => {
    const project = [...(compose ?? []), "-p", lab.lab.runId, "-f", COMPOSE_FILE];
    await lab.on("vm1", ...project, "up", "-d");
    const client = await lab.startContainer("vm3", "client", "apps");
    const fetch = (): Promise<RunResult> =>
      lab.exec("vm3", "docker", "exec", client.name, "wget", "-qO-", "http://10.64.16.10:8080/hello.txt");
    const page = await until(fetch, (result) => result.exitCode === 0);
    expect(page.stdout).toBe("hello from compose\n");
    await lab.on("vm1", ...project, "down", "-t", "1");
    expect((await lab.spanwire(["status"])).exitCode).toBe(0); // Compose leaves an external network alone
  });
});
