/** docs.docker.com/engine/release-notes/28: "Block direct access to container ports", by rules in the raw table. */
const FIRST_TO_DROP = 28;

export const dropsDirect = (version: string): boolean => Number.parseInt(version, 10) >= FIRST_TO_DROP;
