import { run } from "../../src/util/run.ts";

/** Compose as a plugin of docker, or by itself (Debian 12). */
export async function findCompose(): Promise<string[] | undefined> {
  if ((await run(["docker-compose", "version"])).exitCode === 0) return ["docker-compose"];
  if ((await run(["docker", "compose", "version"])).exitCode === 0) return ["docker", "compose"];
  return undefined;
}
