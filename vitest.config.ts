import { defineConfig } from "vitest/config";

/** Two tiers that need no machine of their own: unit tests beside the source, and the lab (root, namespaces). */
export default defineConfig({
  test: {
    reporters: ["default"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "tests/bad-input/**/*.test.ts", "tests/golden/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: { name: "lab", include: ["tests/lab/**/*.lab.test.ts"], testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false },
      },
    ],
  },
});
