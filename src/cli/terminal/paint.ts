import type { Paint } from "../../plan/render/render-plan.ts";
import { colour } from "./output.ts";

const COLOURS = { "+": "green", "~": "yellow", "-/+": "yellow", "-": "red", head: "bold", dim: "dim" } as const;

/** A plan's colours, on a terminal's stdout only. */
export const paintPlan: Paint = (symbol, text) => colour(COLOURS[symbol], text, process.stdout);
