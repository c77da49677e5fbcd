import { expect, test } from "vitest";
import { sshArgv } from "./ssh-argv.ts";

const argv = (destination: string, more: object = {}): string[] => sshArgv({ destination, command: "COMMAND", ...more });

test("the destination and the command stand behind --, options before it", () => {
  const words = argv("ops@vm1");
  expect(words.slice(-3)).toEqual(["--", "ops@vm1", "COMMAND"]);
  expect(words).toContain("StrictHostKeyChecking=yes");
  expect(words).toContain("BatchMode=yes");
});

test("a fresh connection shares nothing, an ordinary one lives in our folder", () => {
  expect(argv("vm1")).toEqual(expect.arrayContaining(["ControlMaster=no", "ControlPath=none"]));
  expect(argv("vm1", { controlFolder: "/run/user/1000/spanwire" })).toContain("ControlPath=/run/user/1000/spanwire/%C");
});

test("a configuration file of the user's", () => {
  expect(argv("vm1", { configFile: "/tmp/c" }).slice(0, 3)).toEqual(["ssh", "-F", "/tmp/c"]);
});

test.each(["vm1", "root@vm1", "192.0.2.1", "fd00::1", "ssh://ops@[fd00::1]:2222", "ssh://vm-1.example.org:22", "a_b@vm1"])(
  "%s is a destination",
  (text) => {
    expect(argv(text)).toContain(text);
  },
);

test.each([
  "-oProxyCommand=reboot",
  "",
  "a b",
  "vm1;reboot",
  "$(id)",
  "`id`",
  "ops@-oProxyCommand=x",
  "ssh://-oProxyCommand=x",
  "vm1\n",
  "vm1/../x",
  "%h",
  "\u001b[2J",
])("B15, B44: %j is none", (text) => {
  expect(() => argv(text)).toThrow(/this is no ssh destination/);
});
