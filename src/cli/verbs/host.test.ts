import { expect, test } from "vitest";
import { findManagementEnds } from "./host.ts";

test("the ends of the SSH connection, as far as they are addresses", () => {
  const of = (peer: string, local: string): unknown => findManagementEnds(["--peer", peer, "--local", local]);
  expect(of("203.0.113.7", "192.0.2.9")).toEqual({ peer: "203.0.113.7", local: "192.0.2.9" });
  expect(of("fe80::7%eth0", "fe80::9%eth0")).toEqual({ peer: "fe80::7%eth0", local: "fe80::9%eth0" });
  expect(of("203.0.113.7", "")).toEqual({ peer: "203.0.113.7" });
  expect(of("203.0.113.7", "fe80::9%eth0")).toEqual({ peer: "203.0.113.7" });
  for (const peer of ["", "unknown", "-I", "203.0.113.7;reboot"])
    expect(findManagementEnds([`--peer=${peer}`, "--local", ""])).toBeUndefined();
  expect(findManagementEnds(["--peer", "203.0.113.7"])).toEqual({ peer: "203.0.113.7" });
  expect(findManagementEnds([])).toBeUndefined();
});
