// `npm run lab -- up`: installs what a lab needs, then runs `spanwire lab`.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DOCKER28_PACKAGES, ensureNodeModules, ensureSystemPackages, LAB_PACKAGES, main } from "./install.mjs";

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const args = process.argv.slice(2);

main(() => {
  ensureNodeModules();
  if (args[0] !== "up" || args.includes("--help") || args.includes("-h")) return;
  const wants28 = args.includes("28") || args.includes("--docker=28");
  ensureSystemPackages(wants28 ? [...LAB_PACKAGES, ...DOCKER28_PACKAGES] : LAB_PACKAGES);
});

process.on("SIGINT", () => undefined); // the command gets it too, cleans up, and its exit code is ours
const child = spawn(path("node_modules/.bin/node"), [path("src/cli/main.ts"), "lab", ...args], { stdio: "inherit" });
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
