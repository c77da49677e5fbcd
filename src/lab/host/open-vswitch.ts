import { existsSync, mkdirSync } from "node:fs";
import { run } from "../../util/run.ts";
import { hostEnvironment, ovsDirectories } from "./host-environment.ts";
import { namespacePath } from "../lab-names.ts";
import type { LabHost, LabState } from "../lab-state.ts";
import { runInHost } from "../tools.ts";

export type OvsDaemon = "ovsdb-server" | "ovs-vswitchd";

/** Both Debian and upstream install it here. */
const SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema";
const ANSWER_TIMEOUT_S = 2;

/** Both daemons as `ovs-ctl start` starts them (ovs-ctl(8)), without its monitor: what is killed stays dead until started. */
export async function startOpenVswitch(lab: LabState, host: LabHost): Promise<void> {
  for (const directory of Object.values(ovsDirectories(host))) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = databasePath(host);
  if (!existsSync(database)) await runInHost(lab, host, ["ovsdb-tool", "create", database, SCHEMA], "creating the Open vSwitch database");
  await startOvsDaemon(lab, host, "ovsdb-server");
  const identity = ["--", "set", "Open_vSwitch", ".", `external_ids:system-id=${host.namespace}`, `external_ids:hostname=${host.name}`];
  await runInHost(lab, host, ["ovs-vsctl", "--no-wait", "init", ...identity], "initialising the Open vSwitch database");
  await startOvsDaemon(lab, host, "ovs-vswitchd");
}

/** `--detach` returns when the daemon is ready: the database listens, or the bridges are as configured (ovs-vswitchd(8)). */
export async function startOvsDaemon(lab: LabState, host: LabHost, daemon: OvsDaemon): Promise<void> {
  const socket = `${ovsDirectories(host).OVS_RUNDIR}/db.sock`;
  const own = {
    "ovsdb-server": [`--remote=punix:${socket}`, "--remote=db:Open_vSwitch,Open_vSwitch,manager_options", databasePath(host)],
    "ovs-vswitchd": [`unix:${socket}`],
  }[daemon];
  const common = ["--pidfile", "--detach", "--no-chdir", "--log-file", "-vconsole:err"];
  await runInHost(lab, host, [daemon, ...common, ...own], `starting ${daemon}`);
}

/** The daemon's version, or undefined while it does not answer. */
export async function findOvsVersion(lab: LabState, host: LabHost, daemon: OvsDaemon): Promise<string | undefined> {
  const argv = ["ovs-appctl", `--timeout=${ANSWER_TIMEOUT_S}`, `--target=${daemon}`, "version"];
  const result = await run(["nsenter", `--net=${namespacePath(host.namespace)}`, "--", ...argv], { env: hostEnvironment(lab, host) });
  return result.exitCode === 0 ? /\d+(\.\d+)+/.exec(result.stdout)?.[0] : undefined;
}

const databasePath = (host: LabHost): string => `${ovsDirectories(host).OVS_DBDIR}/conf.db`;
