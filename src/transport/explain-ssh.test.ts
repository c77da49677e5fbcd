import { expect, test } from "vitest";
import { explainSsh } from "./explain-ssh.ts";

const explain = (stderr: string, how = "it ended (exit 255)"): { kind: string; why: string } => {
  const { kind, why, try: advice } = explainSsh({ how, stderr }, "ops@vm1");
  expect(advice).not.toBe("");
  return { kind, why };
};

/** In OpenSSH 9.2's, sudo 1.9's and glibc's words. What the lab makes happen is in tests/lab/ssh-errors.deep.test.ts. */
test.each([
  [
    "kex_exchange_identification: Connection closed by remote host",
    "unreachable",
    "ends the conversation before a login (Connection closed by remote host)",
  ],
  [
    "kex_exchange_identification: read: Connection reset by peer",
    "unreachable",
    "ends the conversation before a login (read: Connection reset by peer)",
  ],
  ["Connection timed out during banner exchange", "unreachable", "did not greet within 10 s"],
  ["Timeout, server 192.0.2.1 not responding.", "unreachable", "the connection to ops@vm1 broke"],
  ["Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures", "refused", "was offered too many keys"],
  ["/root/config: line 3: Bad configuration option: hots", "input", "line 3: Bad configuration option: hots"],
  ["Can't open user config file /nowhere: No such file or directory", "input", "Can't open user config file /nowhere"],
  ["ops is not in the sudoers file.  This incident will be reported.", "unsupported", "may not use sudo"],
  ["Sorry, user ops is not allowed to execute '/bin/sh' as root on vm1.", "unsupported", "may not use sudo"],
  ["sh: 1: sudo: not found", "unsupported", "the host has no sudo"],
  ["sh: 1: /usr/local/lib/spanwire/0.1.0/.new.7: Permission denied", "unsupported", "may not be started"],
  ["mkdir: cannot create directory '/usr/local/lib/spanwire': Read-only file system", "unsupported", "cannot be written to"],
  ["gzip: stdout: No space left on device", "unsupported", "there is no space"],
  [
    "/usr/local/lib/spanwire/0.1.0/.new.7: error while loading shared libraries: libatomic.so.1: cannot open shared object file",
    "unsupported",
    "lacks the library libatomic.so.1",
  ],
  ["spanwire: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found (required by spanwire)", "unsupported", "needs GLIBC_2.28"],
  ["spanwire-place: the checksum is another one", "unreachable", "did not arrive whole"],
  ["Host key verification failed.", "refused", "is not the known one"],
])("%s", (stderr, kind, words) => {
  expect(explain(stderr)).toEqual({ kind, why: expect.stringContaining(words) });
});

test("this machine has no ssh", () => {
  expect(explain("", "spawn ssh ENOENT")).toEqual({ kind: "unsupported", why: "this machine has no ssh" });
});

test("words that nobody foresaw are passed on, the last three lines of them", () => {
  expect(explain("one\ntwo\nthree\n\nfour").why).toBe("ssh ops@vm1: it ended (exit 255): two; three; four");
});
