/** Waiting even longer would look like hanging. */
const MOST = 20;

/** The environment variable that says it. */
export const PATIENCE_VARIABLE = "SPANWIRE_PATIENCE";

/**
 * How many times longer than usual to wait before giving up, as the operator says; 1 unless told. For hosts that are far
 * slower than others: under software emulation a probe takes twenty seconds to get ready. It is never guessed: what
 * one slow start would stretch is also how long an unconfirmed change stays.
 */
export const PATIENCE = readPatience(process.env[PATIENCE_VARIABLE]) ?? 1;

/** A number from 1 to 20; undefined for anything else. */
export function readPatience(text: string | undefined): number | undefined {
  const times = Number(text?.trim() || Number.NaN);
  return times >= 1 && times <= MOST ? times : undefined;
}

/** The variable for another process, where it says anything. */
export const patienceEnvironment = (times = PATIENCE): Readonly<Record<string, string>> =>
  times === 1 ? {} : { [PATIENCE_VARIABLE]: String(times) };
