import { request } from "node:http";

export interface DockerAnswer {
  status: number;
  body: string;
}

/** One call of the Docker Engine API over a daemon's unix socket; a Buffer goes as a tar, an object as JSON. Rejects when nobody listens or nobody answers. */
export function requestDocker(
  socketPath: string,
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: Buffer | object,
  timeoutMs = REQUEST_TIMEOUT_MS,
): Promise<DockerAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }));
      response.on("error", reject);
    });
    call.on("timeout", () => call.destroy(new Error(`no answer to ${method} ${path} within ${timeoutMs} ms`)));
    call.on("error", reject);
    if (Buffer.isBuffer(body)) call.setHeader("Content-Type", "application/x-tar").end(body);
    else if (body !== undefined) call.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
    else call.end();
  });
}

const REQUEST_TIMEOUT_MS = 60_000;
/** Answered from memory: who needs longer hangs. */
const VERSION_TIMEOUT_MS = 5_000;

/** The daemon's version, or undefined while it does not answer. */
export async function findDockerVersion(socketPath: string): Promise<string | undefined> {
  try {
    const answer = await requestDocker(socketPath, "GET", "/version", undefined, VERSION_TIMEOUT_MS);
    return answer.status === 200 ? (JSON.parse(answer.body) as { Version: string }).Version : undefined;
  } catch {
    return undefined; // no socket, no listener, or still starting
  }
}
