import { hostname, userInfo } from "node:os";

/** Who is at it, for the host's lock and journal. */
export const operatorName = (): string => `${userInfo().username}@${hostname()}`;
