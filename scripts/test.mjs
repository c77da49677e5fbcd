// `npm test`: unit tests, and as root the lab tests; `npm run test:all` the long ones too (--all).
// Other arguments go to vitest. Plain JavaScript for Node 18.
import { ensureNodeModules, ensureSystemPackages, InstallError, LAB_PACKAGES, main } from "./install.mjs";
import { addCounts, formatCounts } from "./counts.mjs";
import { runProject } from "./run-project.mjs";

/** What the lab tests want beyond a lab: they look at packets, use Compose, log in, and install packages. */
const TEST_PACKAGES = [...LAB_PACKAGES, "debootstrap", "docker-compose", "openssh-client", "openssh-server", "sudo", "tcpdump"];

const LONG = "faults at every step, drills, Docker 28, packages, fixed addresses, changes of each plane take an hour more";

main(() => {
  ensureNodeModules();
  const isAll = process.argv.includes("--all");
  const args = process.argv.slice(2).filter((word) => word !== "--all");
  const missing = findWhyNoLab();
  const projects = ["unit", ...(missing === undefined ? ["lab", ...(isAll ? ["deep"] : [])] : [])];
  const runs = projects.map((project) => runProject(project, args));
  if (missing !== undefined) process.stdout.write(`\n*** not tested: lab and deep tier: ${missing}\n`);
  else if (!isAll) process.stdout.write(`\n*** not tested: deep tier: ${LONG}: \`npm run test:all\`\n`);
  process.stdout.write("*** not tested: vm tier: emulated machines take half an hour: `npm run test:vm`\n\n");
  const total = runs.reduce(addCounts);
  process.stdout.write(`${formatCounts(total)}\n`);
  process.exit(total.failed > 0 ? 1 : 0);
});

/** Why the lab tier cannot run here; undefined when it can. */
function findWhyNoLab() {
  if (process.getuid?.() !== 0) return "it needs root";
  try {
    ensureSystemPackages(TEST_PACKAGES);
  } catch (error) {
    if (error instanceof InstallError) return error.message;
    throw error;
  }
}
