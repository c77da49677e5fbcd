import { expect, test } from "vitest";
import type { ClusterShape } from "../../tests/fake/cluster-arbitrary.ts";
import { applied, PLAIN, THREE_HOSTS, toCluster } from "../../tests/fake/plan-case.ts";
import { planRemoval } from "./plan-removal.ts";

test("F32: a host whose Docker does not answer is not cleaned half: its Docker network could not be seen", async () => {
  const { fleet, plan } = await applied();
  const cluster = toCluster(THREE_HOSTS);
  const [host] = cluster.hosts;
  if (host === undefined) throw new Error("no host");
  const seen = fleet.hosts.get(host.name)!.snapshot();
  const blind = { ...seen, docker: { state: "absent", reason: "no Docker daemon answers" } } as const;

  expect(planRemoval(host, seen, plan.clusterUuid, cluster).problems).toEqual([]);
  expect(planRemoval(host, blind, plan.clusterUuid, cluster).problems).toEqual([
    {
      kind: "unsupported",
      doing: "removing the Docker networks",
      what: "n1",
      where: host.name,
      why: "no Docker daemon answers, so nobody can tell whether they are still there",
      try: "start Docker on that host, then run the same command again",
    },
  ]);
  // a host that never had anything of ours has nothing to lose
  expect(planRemoval(host, { ...blind, links: [], nftTables: [], former: {} }, plan.clusterUuid, cluster).problems).toEqual([]);
});

test("F32: Open vSwitch that does not answer holds up only hosts with ports of ours in it", async () => {
  const silent = { state: "absent", reason: "Open vSwitch does not answer" } as const;
  const cluster = toCluster(THREE_HOSTS);
  const problemsOf = async (shape: ClusterShape): Promise<string[]> => {
    const { fleet, plan } = await applied(shape);
    const blind = { ...fleet.hosts.get("h1")!.snapshot(), ovs: silent };
    return planRemoval(cluster.hosts[0]!, blind, plan.clusterUuid, cluster).problems.map(({ why }) => why);
  };
  expect(await problemsOf(THREE_HOSTS)).toEqual([]);
  const shapes = (["internal", "veth"] as const).map((join): ClusterShape => {
    const ovs = { tunnel: "vxlan", topology: "mesh", tree: "stp", splitHorizon: true, join } as const;
    return { ...THREE_HOSTS, networks: { 1: { ...PLAIN, ovs } } };
  });
  for (const shape of shapes) expect(await problemsOf(shape)).toEqual([`${silent.reason}, so nobody can tell what of ours it still has`]);
});
