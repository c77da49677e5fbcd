import { expect, test } from "vitest";
import type { Host } from "../model/cluster.ts";
import type { Connection, Transport } from "../transport/connection.ts";
import { SpanwireError } from "../model/problem.ts";
import { gatherHosts } from "./gather-hosts.ts";

const SNAPSHOT = {
  links: [],
  addresses: [],
  routes: [],
  fdb: [],
  neighbours: [],
  nftTables: [],
  udpPorts: [],
  sysctls: {},
  docker: {},
  ovs: {},
  tools: {},
  former: {},
};
const host = (name: string): Host => ({ name, address: "192.0.2.1", ssh: name });

/** Hosts whose programs answer as said; counts the conversations that are open. */
function createTransport(
  answers: Record<string, { hello?: unknown; observe?: unknown } | Error>,
): Transport & { open: Transport["open"]; count(): number } {
  let open = 0;
  return {
    name: "test",
    count: () => open,
    async open({ name }): Promise<Connection> {
      const answer = answers[name];
      if (answer instanceof Error) throw answer;
      open += 1;
      return {
        host: name,
        request: async (method): Promise<never> =>
          (method === "hello"
            ? (answer?.hello ?? { protocol: 1, version: "0" })
            : answer !== undefined && "observe" in answer
              ? answer.observe
              : SNAPSHOT) as never,
        close: async () => void (open -= 1),
      };
    },
  };
}

test.each([null, "garbage", [], {}, { ...SNAPSHOT, links: "all" }, { ...SNAPSHOT, docker: null }])(
  "B60: a host that says %j of itself was not seen",
  async (observe) => {
    const gathered = await gatherHosts([host("a"), host("b")], createTransport({ a: { observe }, b: {} }));
    expect([...gathered.snapshots.keys()]).toEqual(["b"]);
    expect(gathered.unreachable).toMatchObject([{ where: "a", kind: "unsupported" }]);
  },
);

test("F18: another protocol is refused with both versions", async () => {
  const gathered = await gatherHosts([host("a")], createTransport({ a: { hello: { protocol: 2, version: "9.9.9" } } }));
  expect(gathered.unreachable[0]?.why).toMatch(/^it is version 9\.9\.9 and speaks protocol 2; this is \d+\.\d+\.\d+ and speaks 1$/);
});

test("what is no host's fault is told once, and no conversation stays open", async () => {
  const nobodys = new SpanwireError({ kind: "input", doing: "looking for", what: "it", where: "", why: "not built", try: "build it" });
  const transport = createTransport({ a: {}, b: nobodys, c: nobodys });
  await expect(gatherHosts([host("a"), host("b"), host("c")], transport)).rejects.toBe(nobodys);
  expect(transport.count()).toBe(0);
});
