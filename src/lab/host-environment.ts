import { RUN_VARIABLE } from "./lab-names.ts";
import type { LabHost, LabState } from "./lab-state.ts";

/**
 * What makes a process one of a lab host's. DOCKER_HOST is set without a Docker too: then nothing listens there, which
 * is right, while its absence would mean the machine's own Docker.
 */
export function hostEnvironment(lab: LabState, host: LabHost): Record<string, string> {
  return {
    DOCKER_HOST: `unix://${host.dockerSocket}`,
    SPANWIRE_STATE_DIR: host.stateDirectory,
    SPANWIRE_HOST_NAME: host.name,
    [RUN_VARIABLE]: lab.runId,
  };
}
