/** How many times longer limits are than on the machine they were written for: an emulated one is ten to twenty times slower. */
export const PATIENCE = Number(process.env["SPANWIRE_PATIENCE"] ?? 1);
