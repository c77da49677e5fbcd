import fc from "fast-check";

/**
 * Property tests try the same cases on every machine, so that a run is red for what changed and not for its dice.
 * FC_SEED=random (or a number) looks elsewhere.
 */
const wanted = process.env["FC_SEED"] ?? "20261121";
if (wanted !== "random") fc.configureGlobal({ seed: Number(wanted) });
