import { RUN_VARIABLE } from "../lab-names.ts";
import type { LabHost, LabState } from "../lab-state.ts";

/**
 * What makes a process one of a lab host's. DOCKER_HOST and OVS_RUNDIR are set without a Docker or Open vSwitch too: then
 * nothing listens there, which is right, while their absence would mean the machine's own.
 */
export function hostEnvironment(lab: LabState, host: LabHost): Record<string, string> {
  return {
    DOCKER_HOST: `unix://${host.dockerSocket}`,
    ...ovsDirectories(host),
    SPANWIRE_STATE_DIR: host.stateDirectory,
    SPANWIRE_HOST_NAME: host.name,
    [RUN_VARIABLE]: lab.runId,
  };
}

/**
 * Every Open vSwitch program, daemon and tool, reads these (lib/dirs.c.in there), so `ovs-vsctl` needs no option and the
 * hosts need no file system of their own.
 */
export const ovsDirectories = (host: LabHost) =>
  ({
    OVS_RUNDIR: `${host.directory}/openvswitch/run`,
    OVS_DBDIR: `${host.directory}/openvswitch/db`,
    OVS_LOGDIR: `${host.directory}/openvswitch/log`,
    OVS_SYSCONFDIR: `${host.directory}/openvswitch/etc`,
  }) as const;
