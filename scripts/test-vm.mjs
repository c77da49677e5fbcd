// `npm run test:vm`: the tests that need machines of their own. Arguments go to vitest. Plain JavaScript for Node 18.
import { ensureNodeModules, ensureSystemPackages, InstallError, main, REPOSITORY } from "./install.mjs";
import { formatCounts } from "./counts.mjs";
import { NODE, runProject } from "./run-project.mjs";
import { ensureImage, must, VM_PACKAGES } from "./vm-image.mjs";

/** Beyond one machine: overlays on its disk, the operator's ssh, and what throughput is measured with. */
const PACKAGES = [...VM_PACKAGES, "iperf3", "openssh-client", "qemu-utils"];

main(() => {
  if (process.getuid?.() !== 0) throw new InstallError("*** not tested: vm tier: it makes disks and networks, which only root may");
  ensureSystemPackages(PACKAGES);
  ensureNodeModules();
  const image = ensureImage("server", (text) => process.stdout.write(`${text}\n`));
  must(NODE, `${REPOSITORY}/scripts/build.ts`); // the executable that is placed on the machines
  // every test of a file goes on where the one before it ended
  const counts = runProject("vm", ["--bail=1", ...process.argv.slice(2)], { SPANWIRE_VM_IMAGE: JSON.stringify(image) });
  process.stdout.write(`${formatCounts(counts)}\n`);
  process.exit(counts.failed > 0 ? 1 : 0);
});
