import { expect, test } from "vitest";
import { startContainer, stopContainer } from "../../../tests/fake/fake-system.ts";
import { applied, PLAIN, THREE_HOSTS, toCluster } from "../../../tests/fake/plan-case.ts";
import type { Plan } from "../../model/plan.ts";
import { formatProblem } from "../../model/problem.ts";

const cluster = toCluster(THREE_HOSTS);
const members = (plan: Plan): string[] => plan.members.map(formatProblem);

test("a stopped container of a Docker network that is made again, that is gone, and that was made again", async () => {
  const { fleet, plan } = await applied();
  const host = fleet.hosts.get("h2")!;
  startContainer(host, "n1", "web");
  stopContainer(host, "web", "10.68.0.9");
  expect(members(await fleet.plan(cluster, plan.lock!))).toEqual([]);

  const again = "docker network disconnect -f n1 web && docker network connect --ip 10.68.0.9 --alias db n1 web";
  const found = host.docker.networks[0]!;
  host.docker.networks[0] = { ...found, options: { ...found.options, "com.docker.network.driver.mtu": "1400" } };
  expect(members(await fleet.plan(cluster, plan.lock!))).toEqual([
    `looking at the stopped container web on h2: it will not start any more: its Docker network n1 is made again\n  try: after the apply: ${again}`,
  ]);
  host.docker.networks = [];
  const stranded = "looking at the stopped container web on h2: it will not start: the Docker network n1 it was on is no more";
  const pruned = await fleet.plan(cluster, plan.lock!);
  expect(members(pruned)).toEqual([`${stranded}\n  try: after the apply: ${again}`]);
  expect((await fleet.apply(pruned)).outcome).toBe("applied");
  expect(members(await fleet.plan(cluster, plan.lock!))).toEqual([`${stranded}, and another one has its name\n  try: ${again}`]);
});

test("a stopped container of a network that leaves the file", async () => {
  const { fleet, plan } = await applied({ hosts: [1, 2], networks: { 1: PLAIN, 2: PLAIN } });
  startContainer(fleet.hosts.get("h1")!, "n2", "job");
  stopContainer(fleet.hosts.get("h1")!, "job");
  expect(members(await fleet.plan(toCluster({ hosts: [1, 2], networks: { 1: PLAIN } }), plan.lock!))).toEqual([
    "looking at the stopped container job on h1: it will not start any more: its Docker network n2 goes\n  try: remove it, or docker network disconnect -f n2 job",
  ]);
});

test("F13: an address that Docker on another host hands out, and a stopped one's that its own does", async () => {
  const { fleet, plan } = await applied();
  const [network] = plan.networks;
  const rangeOf = (host: string): string => network!.members.find((member) => member.host === host)!.dockerRange;
  const inRange = (host: string): string => rangeOf(host).replace(/\d+\/\d+$/, (tail) => String(Number.parseInt(tail, 10) + 5));
  const { docker } = fleet.hosts.get("h1")!;
  startContainer(fleet.hosts.get("h1")!, "n1", "web");
  docker.endpoints[0] = { ...docker.endpoints[0]!, address: inRange("h2") };
  const why = (host: string): string =>
    `its address ${inRange(host)} in network n1 lies in the range that Docker on ${host} hands out, and another container may be given it`;
  expect(plan.members).toEqual([]);
  expect((await fleet.plan(cluster, plan.lock!)).members).toMatchObject([{ what: "web", where: "h1", why: why("h2") }]);

  // where it is kept out already, nobody is given it
  const lender = fleet.hosts.get("h2")!.docker;
  const [made] = lender.networks;
  const [pool] = made!.subnets;
  lender.networks = [{ ...made!, subnets: [{ ...pool!, aux: { ...pool!.aux, "squatter-1": inRange("h2") } }] }];
  expect((await fleet.plan(cluster, plan.lock!)).members).toEqual([]);

  docker.endpoints[0] = { ...docker.endpoints[0], address: inRange("h1") };
  expect((await fleet.plan(cluster, plan.lock!)).members).toEqual([]);
  stopContainer(fleet.hosts.get("h1")!, "web", inRange("h1"));
  expect((await fleet.plan(cluster, plan.lock!)).members).toMatchObject([{ what: "web", where: "h1", why: why("h1") }]);
});
