import { traitsOf } from "../../dataplanes/index.ts";
import { hasChanges, type Plan } from "../../model/plan.ts";
import { STAGES, type Stage, type Step } from "../../model/step.ts";
import { SYMBOLS, type Paint } from "./render-plan.ts";
import { renderSummary } from "./render-summary.ts";

/** A stage in words: what is true while it runs. */
const WHEN: Readonly<Record<Stage, string>> = {
  add: "first, beside what is there",
  switch: "then, in place of it",
  remove: "last, after all was measured and confirmed",
};

/**
 * A plan as a person wants it: what each network is, equal changes once with the hosts they are made on, and the sum at
 * both ends.
 */
export function renderBrief(plan: Plan, paint: Paint): string {
  const summary = renderSummary(plan);
  const networks = plan.networks.map(
    ({ name, subnet, dataplane, mtuBytes }) => `  ${name.padEnd(14)} ${subnet.padEnd(18)} MTU ${mtuBytes}  ${traitsOf(dataplane).label}`,
  );
  const lock = plan.lockChanges.map((change) => `  ${paint("+", "+")} ${change}`);
  if (!hasChanges(plan)) return [...section(paint, "for the lock", lock), summary].join("\n");
  return [
    paint("head", summary),
    "",
    ...section(paint, "networks", networks),
    ...section(paint, "for the lock", lock),
    ...STAGES.flatMap((stage) => renderStage(plan, stage, paint)),
    summary,
  ].join("\n");
}

function section(paint: Paint, title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [paint("head", title), ...lines, ""];
}

/** One change with the hosts it is made on, in the order of their first. */
interface Change {
  text: readonly string[];
  hosts: string[];
}

function renderStage(plan: Plan, stage: Stage, paint: Paint): string[] {
  const changes = new Map<string, Change>();
  for (const { host, leaving, steps } of plan.hosts) {
    for (const text of describeSteps(
      steps.filter((step) => step.stage === stage),
      paint,
    )) {
      const key = text.join("\n");
      const change = changes.get(key) ?? { text, hosts: [] };
      changes.set(key, change);
      const said = leaving ? `${host} (leaves)` : host;
      if (change.hosts.at(-1) !== said) change.hosts.push(said); // two addresses of one bridge are told in one line
    }
  }
  const groups = Map.groupBy(changes.values(), ({ hosts }) => hosts.join(" "));
  return [...groups].flatMap(([hosts, group]) => [
    `${paint("head", `on ${hosts}`)}  ${paint("dim", WHEN[stage])}`,
    ...group.flatMap(({ text }) => text.map((line) => `  ${line}`)),
    "",
  ]);
}

/** Plain additions and removals of a network are one line; a step that says more has lines of its own. */
function describeSteps(steps: readonly Step[], paint: Paint): string[][] {
  const isPlain = (step: Step): boolean =>
    (step.action === "add" || step.action === "remove") && (step.impact === "none" || step.impact === "");
  const networkOf = (step: Step): string => (step.after ?? step.before)?.network ?? "";
  const plain = Map.groupBy(steps.filter(isPlain), (step) => JSON.stringify([step.action, networkOf(step)]));
  return [
    ...[...plain.values()].map((group) => {
      const [first] = group as [Step];
      const network = networkOf(first);
      const nouns = group.map(({ label }) => label.replace(network === "" ? "" : ` of ${network}`, "").replace(/ to \S+$/, ""));
      return [`${paint(SYMBOLS[first.action], SYMBOLS[first.action])} ${network === "" ? "" : `${network}: `}${countEqual(nouns)}`];
    }),
    ...steps.filter((step) => !isPlain(step)).map((step) => describeStep(step, paint)),
  ];
}

/** "bridge, setting (3), Docker network" */
function countEqual(nouns: readonly string[]): string {
  return [...Map.groupBy(nouns, (noun) => noun)].map(([noun, all]) => (all.length === 1 ? noun : `${noun} (${all.length})`)).join(", ");
}

const MOST_CHARACTERS = 60;
const shorten = (text: string): string => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 3)}...` : text);

function describeStep({ action, label, impact, differences }: Step, paint: Paint): string[] {
  const symbol = SYMBOLS[action];
  const noticed = impact === "none" || impact === "" ? "" : paint("dim", `  (containers notice: ${impact})`);
  return [
    `${paint(symbol, symbol)} ${label}${noticed}`,
    ...differences.map(({ field, from, to, reason }) => `    ${field}: ${shorten(from)} -> ${shorten(to)}  ${paint("dim", `(${reason})`)}`),
  ];
}
