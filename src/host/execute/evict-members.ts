import { callDocker } from "../observe/docker-api.ts";

/** Engine API, `POST /networks/{id}/disconnect`. What fails here shows when the network is removed. */
export async function evictMembers(network: string): Promise<void> {
  const path = `/networks/${encodeURIComponent(network)}`;
  const found = await callDocker<{ Containers?: Record<string, unknown> | null }>("GET", path).catch(() => undefined);
  const ids = Object.keys(found?.Containers ?? {}).filter((id) => !id.startsWith("ep-"));
  await Promise.all(ids.map((id) => callDocker("POST", `${path}/disconnect`, { Container: id, Force: true }).catch(() => {})));
}
