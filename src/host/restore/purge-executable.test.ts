import { expect, test } from "vitest";
import { purgeExecutable } from "./purge-executable.ts";

const link = (alias: string): never => ({ name: "spwb1", alias }) as never;

test("what no bootstrap placed stays", async () => {
  expect(await purgeExecutable({ links: [], former: {} }, "/usr/bin/spanwire")).toBe(false);
});

test("the executable stays while a cluster is on the host", async () => {
  const execPath = "/usr/local/lib/spanwire/0.0.0/spanwire";
  await expect(purgeExecutable({ links: [link("spanwire,x")], former: {} }, execPath)).rejects.toThrow(
    "a cluster is still on this host (spwb1)",
  );
  await expect(purgeExecutable({ links: [], former: { "net.ipv4.ip_forward": "0" } }, execPath)).rejects.toThrow("settings of it");
});
