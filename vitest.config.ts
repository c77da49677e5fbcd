import { defineConfig } from "vitest/config";
import { PATIENCE } from "./tests/lab/patience.ts";

/** One file at a time: they share the machine's cores. */
const labProject = (name: string, include: string) => ({
  test: {
    name,
    include: [include],
    testTimeout: 180_000 * PATIENCE,
    hookTimeout: 180_000 * PATIENCE,
    fileParallelism: false,
  },
});

/**
 * Unit tests beside the source, the lab (root, namespaces), its long files (`npm run test:all`), and emulated machines
 * (`npm run test:vm`).
 */
export default defineConfig({
  test: {
    reporters: ["default"],
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "src/**/*.test.ts",
            "tests/bad-input/**/*.test.ts",
            "tests/golden/**/*.test.ts",
            "tests/contract/**/*.test.ts",
            "tests/footprint/**/*.test.ts",
          ],
          setupFiles: ["tests/fake/fix-seed.ts"],
          testTimeout: 60_000,
        },
      },
      labProject("lab", "tests/lab/**/*.lab.test.ts"),
      labProject("deep", "tests/lab/**/*.deep.test.ts"),
      {
        test: {
          name: "vm",
          include: ["tests/vm/**/*.vm.test.ts"],
          testTimeout: 60 * 60_000,
          hookTimeout: 60 * 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
