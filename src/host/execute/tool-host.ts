import { writeFile } from "node:fs/promises";
import type { ToolHost } from "../../tools/tool.ts";
import { describeRun, run } from "../../util/run.ts";
import { callDocker } from "../observe/docker-api.ts";
import { sysctlPath } from "../observe/read-snapshot.ts";
import type { StateDirectory } from "../state/state-directory.ts";
import { stretchOvsTimeout } from "./ovs-timeout.ts";
import { removeSocket, startDaemon } from "./daemon.ts";
import { removeOwnFile, writeOwnFile } from "./own-file-writer.ts";
import { sweepRange } from "./sweep-range.ts";

/** What tools reach of this host. */
export function createToolHost(state: StateDirectory): ToolHost {
  return {
    async run(argv, stdin) {
      const result = await run(argv, stdin === undefined ? {} : { stdin });
      return { exitCode: result.exitCode, signal: result.signal, stderr: result.stderr, description: describeRun(result) };
    },
    stretchSeconds: stretchOvsTimeout,
    writeSysctl: (key, value) => writeFile(sysctlPath(key), value),
    readFormer: () => state.readFormer(),
    writeFormer: (former) => state.writeFormer(former),
    callDocker,
    sweep: sweepRange,
    writeOwnFile,
    removeOwnFile,
    keyPath: (clusterUuid, publicKey) => state.wireguardKeyPath(clusterUuid, publicKey),
    startDaemon,
    removeSocket,
  };
}
