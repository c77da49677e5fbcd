/** RFC 1123 name in lower case, labels with dots between: no option ("-rf"), no path, no shell word, no homoglyph can be a host name. */
export const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
export const HOST_NAME_RULE = "1 to 63 of a-z, 0-9 and -, with a letter or digit at both ends; several of these with dots between";

export const LABEL_NAME = /^[a-z][a-z0-9_-]{0,30}$/;
export const LABEL_NAME_RULE = "1 to 31 of a-z, 0-9, _ and -, with a letter in front";

/** Docker's RestrictedNamePattern (daemon/names/names.go): letters, digits, _ . -, at least two characters. */
export const DOCKER_NETWORK_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}$/;
export const DOCKER_NETWORK_NAME_RULE = "2 to 63 letters, digits, _, . and -, with a letter or digit in front";

/** The same pattern holds for containers (daemon/names/names.go); such a name is what a static address is kept for. */
export const CONTAINER_NAME = DOCKER_NETWORK_NAME;
export const CONTAINER_NAME_RULE = DOCKER_NETWORK_NAME_RULE;

/** Networks every Docker engine has, or names with a meaning for `docker run --network`. */
export const DOCKER_TAKEN_NAMES: readonly string[] = ["bridge", "host", "none", "default", "container", "ingress", "docker_gwbridge"];

/**
 * An OpenSSH destination: a config alias, host, user@host, [v6], or ssh://user@host:port (ssh(1)). The first character
 * is never "-", which ssh would read as an option (CVE-2017-1000117 was this in git).
 */
export const SSH_DESTINATION =
  /^(?:ssh:\/\/(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\])(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?|(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9._:-]*)$/;
export const SSH_DESTINATION_RULE = "a name of ~/.ssh/config, HOST, USER@HOST or ssh://USER@HOST:PORT";
