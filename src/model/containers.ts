import type { Snapshot } from "./snapshot.ts";

/** Running containers attached to a Docker network of that name. */
export function containersOn(snapshot: Snapshot, dockerNetwork: string): string[] {
  if (snapshot.docker.state !== "ready") return [];
  return snapshot.docker.endpoints.filter((endpoint) => endpoint.network === dockerNetwork).map((endpoint) => endpoint.container);
}
