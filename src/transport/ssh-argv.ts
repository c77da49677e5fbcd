import { SpanwireError } from "../model/problem.ts";

export interface SshWish {
  /** From the spec: the name of a host in ~/.ssh/config, HOST, USER@HOST, or ssh://USER@HOST:PORT. */
  destination: string;
  command: string;
  /** Instead of ~/.ssh/config and /etc/ssh/ssh_config. */
  configFile?: string;
  /** Undefined: a connection of its own, shared with nobody. */
  controlFolder?: string | undefined;
}

/** Long enough for a name look-up and a handshake over a slow line; two steps of a jump take twice that. */
export const CONNECT_TIMEOUT_S = 10;
/** Idle seconds a shared connection stays for the next command. */
const PERSIST_S = 60;

/**
 * The user's own ssh, with their configuration; on the command line stands only what must not be otherwise (the first
 * value wins, ssh_config(5)): nothing is asked, no host key is accepted unseen, nothing of this machine is lent to the host.
 * Only options that OpenSSH 7.6 (2017) knows: an unknown one would be an error.
 */
export function sshArgv({ destination, command, configFile, controlFolder }: SshWish): [string, ...string[]] {
  requireDestination(destination);
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "EscapeChar=none",
    "LogLevel=ERROR",
    `ConnectTimeout=${CONNECT_TIMEOUT_S}`,
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    ...(controlFolder === undefined
      ? ["ControlMaster=no", "ControlPath=none"]
      : ["ControlMaster=auto", `ControlPath=${controlFolder}/%C`, `ControlPersist=${PERSIST_S}`]),
  ];
  const config = configFile === undefined ? [] : ["-F", configFile];
  return ["ssh", ...config, ...options.flatMap((option) => ["-o", option]), "--", destination, command];
}

/** The spec, the lock and saved plans are checked where they are read (SSH_DESTINATION); this is the last door. */
function requireDestination(destination: string): void {
  if (/^(ssh:\/\/)?[A-Za-z0-9_[][A-Za-z0-9_.:@[\]-]*$/.test(destination) && !destination.includes("@-")) return;
  throw new SpanwireError({
    kind: "input",
    doing: "reaching",
    what: JSON.stringify(destination),
    where: "",
    why: "this is no ssh destination",
    try: "write a name of ~/.ssh/config, HOST, USER@HOST or ssh://USER@HOST:PORT",
  });
}
