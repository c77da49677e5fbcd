import { expect, test } from "vitest";
import { createFakeFleet } from "../../../tests/fake/fake-fleet.ts";
import { moveUnderlayToUserspace, startContainer } from "../../../tests/fake/fake-system.ts";
import { addLink } from "../../../tests/fake/kernel-model.ts";
import { applied, bridgeOf, PLAIN, problemsOf, THREE_HOSTS, toCluster } from "../../../tests/fake/plan-case.ts";
import { formatProblem } from "../../model/problem.ts";

const cluster = toCluster(THREE_HOSTS);
const fresh = () => createFakeFleet(cluster.hosts);
const lines = async (promise: Promise<unknown>): Promise<string[]> => (await problemsOf(promise)).map(formatProblem);
const THEIRS = { id: "x", name: "theirs", driver: "bridge", scope: "local", internal: false, subnets: [], options: {}, labels: {} };

test("a missing tool, and an underlay address that no device has", async () => {
  const fleet = fresh();
  const host = fleet.hosts.get("h2")!;
  const { snapshot } = host;
  host.snapshot = () => ({
    ...snapshot(),
    tools: { ip: "/sbin/ip", bridge: "/sbin/bridge", ping: "/bin/ping", nsenter: "/bin/nsenter", unshare: "/bin/unshare" },
  });
  host.kernel.addresses = [];
  expect(await lines(fleet.plan(cluster))).toEqual([
    "preparing the host on h2: missing: nft (package nftables)\n  try: install what is named in brackets on that host",
    "preparing underlay address 192.0.2.18 on h2: no device of this host has the address 192.0.2.18\n  try: write the address other hosts reach it by as hosts.*.address",
  ]);
});

test("another cluster of the same name, and a host that has another number", async () => {
  const { fleet, plan } = await applied();
  const mark = (uuid: string, index: number): string => `spanwire,uuid=${uuid},cluster=prod,index=${index},network=n1,slice=10.68.9.0/24`;
  const other = "99999999-2222-4333-8444-555555555555";
  addLink(fleet.hosts.get("h1")!.kernel, { name: "spwbother", kind: "bridge", alias: mark(other, 1) });
  addLink(fleet.hosts.get("h3")!.kernel, { name: "spwbother", kind: "bridge", alias: mark(plan.clusterUuid, 7) });
  expect(await lines(fleet.plan(cluster, plan.lock!))).toEqual([
    `recognising cluster prod on h1: the host carries a cluster of this name with another id (${other}; ours is ${plan.clusterUuid})\n  try: restore the lock file that belongs to it, or give this cluster another name`,
    "recognising cluster prod on h3: the host says it is number 7 of the cluster; the lock says 3\n  try: restore the lock file from version control; two hosts must never claim one number",
  ]);
});

test("F26: a VNI and port that a foreign tunnel has", async () => {
  const fleet = fresh();
  const taken = toCluster({ hosts: [1, 2], networks: { 1: { ...PLAIN, vni: 2 } } });
  const vxlan = { vni: 21, port: 8472, local: "", learning: true, df: "unset", ttl: 0, remote: "" };
  const { kernel } = fleet.hosts.get("h2")!;
  addLink(kernel, { name: "flannel.21", kind: "vxlan", vxlan });
  kernel.fdb.push({ device: "flannel.21", mac: "00:00:00:00:00:00", destination: "192.0.2.9", state: "permanent" }); // a member
  expect(await lines(fleet.plan(taken))).toEqual([
    "preparing the tunnel of network n1 on h2: VNI 21 on UDP port 8472 is taken by flannel.21, which is not ours\n  try: set another vni or port under dataplane",
  ]);
});

test("a UDP port that Swarm or another program has", async () => {
  const fleet = fresh();
  fleet.hosts.get("h1")!.udpPorts = [4789];
  fleet.hosts.get("h2")!.swarm = true;
  expect(await lines(fleet.plan(toCluster({ hosts: [1, 2], networks: { 1: { ...PLAIN, port: 4789 } } })))).toEqual([
    "preparing the tunnel of network n1 on h1: UDP port 4789 is in use by another program\n  try: set another port under dataplane, or stop that program",
    "preparing the tunnel of network n1 on h2: Docker Swarm is active and uses UDP port 4789\n  try: use port 8472, or leave the swarm",
  ]);
});

test("no Docker, a foreign Docker network of the name, one with the subnet", async () => {
  const fleet = fresh();
  const [h1, h2, h3] = [...fleet.hosts.values()];
  const { snapshot } = h1!;
  h1!.snapshot = () => ({
    ...snapshot(),
    docker: { state: "absent", reason: "no Docker daemon answers at /var/run/docker.sock (ENOENT)" },
  });
  h2!.docker.networks.push({ ...THEIRS, name: "n1" });
  h3!.docker.networks.push({ ...THEIRS, subnets: [{ subnet: "10.68.128.0/20", ipRange: "", gateway: "", aux: {} }] });
  expect(await lines(fleet.plan(cluster))).toEqual([
    "preparing the Docker network n1 on h1: no Docker daemon answers at /var/run/docker.sock (ENOENT)\n  try: start Docker on that host, or write `docker: none`",
    "preparing the Docker network n1 on h2: a Docker network of that name exists and is not ours\n  try: remove it, or write docker: { network: another-name }",
    "preparing network n1 on h3: its subnet 10.68.0.0/16 overlaps the Docker network theirs\n  try: use a subnet that no Docker network has, or remove that one",
  ]);
});

test("a Swarm network's subnet is in an address space of its own", async () => {
  const fleet = fresh();
  fleet.hosts
    .get("h1")!
    .docker.networks.push({ ...THEIRS, scope: "swarm", subnets: [{ subnet: "10.68.0.0/24", ipRange: "", gateway: "", aux: {} }] });
  expect((await fleet.plan(cluster)).hosts).toHaveLength(3);
});

test("B49: a network that goes, or must be made again, with running containers on it", async () => {
  const { fleet, plan } = await applied({ hosts: [1, 2], networks: { 1: PLAIN, 2: PLAIN } });
  startContainer(fleet.hosts.get("h1")!, "n1", "web");
  startContainer(fleet.hosts.get("h1")!, "n1", "db");
  startContainer(fleet.hosts.get("h2")!, "n2", "job");
  const edited = toCluster({ hosts: [1, 2], networks: { 2: { ...PLAIN, mtu: 1400 } } });
  expect(await lines(fleet.plan(edited, plan.lock!))).toEqual([
    "removing the Docker network n1 on h1: running containers are on it: web, db\n  try: stop them, or disconnect them: docker network disconnect n1 web",
    "replacing the Docker network n2 on h2: it must be made again (mtuBytes 1450 to 1400), and running containers are on it: job\n  try: stop them, or disconnect them: docker network disconnect n2 job",
  ]);
});

test("a link that has our name and is something else", async () => {
  const first = await fresh().plan(cluster);
  const name = bridgeOf(first, "n1");
  const fleet = fresh();
  addLink(fleet.hosts.get("h2")!.kernel, { name, kind: "dummy" });
  addLink(fleet.hosts.get("h3")!.kernel, { name, kind: "bridge", alias: "mine, do not touch" });
  expect(await lines(fleet.plan(cluster))).toEqual([
    `preparing the link ${name} on h2: a dummy of that name exists and is not ours\n  try: remove it: ip link del dev ${name}`,
    `preparing the link ${name} on h3: a bridge of that name exists and is not ours\n  try: remove it: ip link del dev ${name}`,
  ]);
});

test("a VNI of ours that is only free at the end of the plan", async () => {
  const { fleet, plan } = await applied({ hosts: [1], networks: { 1: { ...PLAIN, vni: 1 } } });
  const moved = toCluster({ hosts: [1], networks: { 2: PLAIN } });
  const taken = { ...moved, networks: moved.networks.map((network) => ({ ...network, dataplane: { ...network.dataplane, vni: 11 } })) };
  expect(await lines(fleet.plan(taken, plan.lock!))).toEqual([
    "preparing network n2 on h1: VNI 11 on UDP port 8472 is still held by a network of ours that this plan only takes away at its end\n  try: set another vni, or apply the removal first and the addition afterwards",
  ]);
});

test("a Docker network under another name takes over its subnet in one apply; containers on it are a reason to refuse", async () => {
  const { fleet, plan } = await applied();
  const renamed = {
    ...cluster,
    networks: cluster.networks.map((network) => ({ ...network, attach: { type: "docker-network" as const, network: "web" } })),
  };
  expect((await fleet.apply(await fleet.plan(renamed, plan.lock!))).outcome).toBe("applied");
  expect(fleet.hosts.get("h3")!.docker.networks.map((network) => network.name)).toEqual(["web"]);
  startContainer(fleet.hosts.get("h3")!, "web", "shop");
  expect((await lines(fleet.plan(cluster, plan.lock!)))[0]).toMatch(
    /^removing the Docker network web on h3: running containers are on it: shop\n/,
  );
});

test("a veth pair into userspace Open vSwitch: its offload is off, comes back as drift, and needs ethtool", async () => {
  const ovs = { tunnel: "vxlan", topology: "mesh", tree: "stp", splitHorizon: true, join: "veth" } as const;
  const pairs = toCluster({ hosts: [1, 2], networks: { 1: { ...PLAIN, ovs } } });
  const fleet = createFakeFleet(pairs.hosts);
  for (const host of fleet.hosts.values()) moveUnderlayToUserspace(host);
  const first = await fleet.plan(pairs);
  expect((await fleet.apply(first)).problems).toEqual([]);
  const ends = [...fleet.hosts.get("h1")!.kernel.links.values()].filter((link) => link.kind === "veth");
  expect(ends.map((link) => link.checksumOffload)).toEqual([false, false]);

  ends[0]!.checksumOffload = true;
  const repair = await fleet.plan(pairs, first.lock!);
  expect(repair.hosts.flatMap(({ steps }) => steps.flatMap((step) => step.differences.map(({ field }) => field)))).toEqual([
    "checksumOffload",
  ]);
  expect((await fleet.apply(repair)).outcome).toBe("applied");
  expect(ends[0]!.checksumOffload).toBe(false);

  const h2 = fleet.hosts.get("h2")!;
  const { ethtool: _, ...tools } = h2.snapshot().tools;
  h2.observe = async () => ({ ...h2.snapshot(), tools });
  expect((await problemsOf(fleet.plan(pairs, first.lock!))).map((problem) => `${problem.where}: ${problem.try}`)).toEqual([
    "h2: install ethtool on that host, or write join: internal",
  ]);
});
