// Which folder of src may import which, lowest first. Plain JavaScript for Node 18.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { REPOSITORY } from "./install.mjs";

/** "type NAME": only `import type`, which is gone when the program runs. */
const ALLOWED = {
  util: [],
  model: ["util", "type kinds", "type tools", "type net"],
  net: ["util", "model"],
  tools: ["net"],
  kinds: ["model", "net", "tools"],
  dataplanes: ["util", "model", "net", "kinds"],
  attach: ["model", "net", "kinds", "dataplanes"],
  file: ["util", "model", "net", "dataplanes", "attach"],
  lock: ["util", "model", "net", "dataplanes", "type file"],
  plan: ["util", "model", "net", "kinds", "tools", "dataplanes", "attach", "lock"],
  graph: ["model", "net", "dataplanes"],
  ports: ["model", "dataplanes"],
  rpc: ["model", "type host", "type plan"],
  host: ["util", "rpc", "model", "net", "kinds", "tools", "plan"],
  lab: ["util", "model"],
  transport: ["util", "rpc", "model", "host", "lab"],
  verify: ["util", "rpc", "model", "net", "dataplanes", "type host", "type transport"],
  doctor: ["util", "rpc", "model", "net", "verify", "type host", "type transport"],
  engine: ["util", "rpc", "model", "net", "kinds", "dataplanes", "type file", "lock", "plan", "host", "transport", "verify"],
  cli: [
    "util",
    "type rpc",
    "model",
    "net",
    "kinds",
    "tools",
    "dataplanes",
    "file",
    "lock",
    "plan",
    "graph",
    "ports",
    "host",
    "lab",
    "transport",
    "verify",
    "doctor",
    "engine",
  ],
};

const SOURCE = join(REPOSITORY, "src");
/** Static imports and re-exports over any number of lines, and `import()`. The code style is the formatter's. */
const IMPORT =
  /^(?<head>import|export)(?<type> type)?\s[^"';]*?from\s+"(?<path>\.[^"]+)"|import\("(?<dynamic>\.[^"]+)"\)|^import "(?<bare>\.[^"]+)"/gm;

/** One line per import that goes the wrong way. */
export function findBoundaryViolations() {
  return readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/\.(test|fixture)\.ts$/.test(file))
    .flatMap((file) => findInFile(file));
}

function findInFile(file) {
  const text = readFileSync(join(SOURCE, file), "utf8");
  return [...text.matchAll(IMPORT)].flatMap((match) => {
    const { type, path, dynamic, bare } = match.groups;
    const target = relative(SOURCE, resolve(SOURCE, dirname(file), path ?? dynamic ?? bare));
    const why = findWhyNot(folderOf(file), folderOf(target), type !== undefined);
    const line = text.slice(0, match.index).split("\n").length;
    return why === undefined ? [] : [`src/${file}:${line}: imports ${target.startsWith("..") ? target : `src/${target}`}, but ${why}`];
  });
}

function findWhyNot(from, to, isTypeOnly) {
  if (from === to) return undefined;
  const allowed = ALLOWED[from];
  if (allowed === undefined) return `src/${from} is not in the table of scripts/boundaries.mjs`;
  if (allowed.includes(to) || (isTypeOnly && allowed.includes(`type ${to}`))) return undefined;
  return allowed.includes(`type ${to}`)
    ? `${from} takes only types from ${to}`
    : `${from} may import only ${allowed.join(", ") || "nothing"}`;
}

const folderOf = (file) => file.split("/")[0];

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const violations = findBoundaryViolations();
  process.stdout.write(violations.map((line) => `${line}\n`).join(""));
  process.exit(violations.length === 0 ? 0 : 1);
}
