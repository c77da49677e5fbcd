import { SpanwireError } from "../../model/problem.ts";
import { requestDocker } from "../../util/docker-request.ts";

/** DOCKER_HOST as the docker command reads it; only a unix socket, because TCP without TLS is root for everyone. */
export function dockerSocketPath(): string {
  const host = process.env["DOCKER_HOST"] ?? "";
  return host.startsWith("unix://") ? host.slice("unix://".length) : "/var/run/docker.sock";
}

/** One Engine API call; a status outside 2xx becomes a problem in Docker's own words. */
export async function callDocker<T>(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<T> {
  const answer = await requestDocker(dockerSocketPath(), method, path, body);
  if (answer.status >= 200 && answer.status < 300) return (answer.body === "" ? undefined : JSON.parse(answer.body)) as T;
  throw new SpanwireError({
    kind: "command",
    doing: "asking Docker for",
    what: `${method} ${path}`,
    where: "",
    why: findMessage(answer.body) ?? `HTTP ${answer.status}`,
    try: "look at the Docker daemon's log on that host",
  });
}

function findMessage(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { message?: string }).message;
  } catch {
    return undefined;
  }
}
