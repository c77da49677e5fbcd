// `npm test`: unit tests, and as root the lab tests. Arguments go to vitest. Plain JavaScript for Node 18.
import { ensureNodeModules, ensureSystemPackages, InstallError, LAB_PACKAGES, main } from "./install.mjs";
import { addCounts, formatCounts } from "./counts.mjs";
import { runProject } from "./run-project.mjs";

/** What the lab tests want beyond a lab: they look at packets, use Compose, log in, and install packages. */
const TEST_PACKAGES = [...LAB_PACKAGES, "debootstrap", "docker-compose", "openssh-client", "openssh-server", "sudo", "tcpdump"];

main(() => {
  ensureNodeModules();
  const args = process.argv.slice(2);
  const missing = findWhyNoLab();
  const runs = [runProject("unit", args), ...(missing === undefined ? [runProject("lab", args)] : [])];
  if (missing !== undefined) process.stdout.write(`\n*** not tested: lab tier: ${missing}\n`);
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
