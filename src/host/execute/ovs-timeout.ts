import { PATIENCE } from "../../util/patience.ts";

/** A daemon that hangs must not hang us, on a slow host either. */
const MOST_TIMES_LONGER = 6;

/**
 * Seconds to wait on this host for what takes less than `ordinaryS` on others. ovs-vsctl gives up by itself, by SIGALRM
 * (ovs-vsctl(8), --timeout), and that is how we tell why: it must come before run() ends it.
 */
export const stretchOvsTimeout = (ordinaryS: number, patience = PATIENCE): number =>
  Math.ceil(ordinaryS * Math.min(patience, MOST_TIMES_LONGER));
