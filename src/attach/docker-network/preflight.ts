import { overlapsPrefix } from "../../net/prefix.ts";
import type { Problem } from "../../model/problem.ts";
import { traitsOf } from "../../dataplanes/index.ts";
import { containersOn } from "../../model/containers.ts";
import type { AttachPreflightInput } from "../attachment.ts";

export function preflightDocker(input: AttachPreflightInput): Problem[] {
  return [checkDocker, checkPools, checkLiveContainers].flatMap((check) => check(input));
}

/** Docker takes a subnet once: also while our own old one stands beside the new. */
function checkPools({ host, facts, steps }: AttachPreflightInput): Problem[] {
  const leaving = steps.flatMap(({ action, stage, before }) =>
    action === "remove" && stage === "remove" && before?.kind === "docker-network" ? [before] : [],
  );
  return steps.flatMap(({ action, after }): Problem[] => {
    if (action !== "add" || after?.kind !== "docker-network") return [];
    const rival = leaving.find((before) => overlapsPrefix(before.subnet, after.subnet));
    const foreign = facts.foreignDockerNetworks.find((other) =>
      other.subnets.some((subnet) => subnet !== "" && overlapsPrefix(subnet, after.subnet)),
    );
    const other = rival?.name ?? foreign?.name;
    if (other === undefined) return [];
    return [
      {
        kind: "conflict",
        doing: "preparing",
        what: `network ${after.labels["io.spanwire.network"] ?? after.name}`,
        where: host.name,
        why: `its subnet ${after.subnet} overlaps the Docker network ${other}`,
        try:
          rival === undefined
            ? "use a subnet that no Docker network has, or remove that one"
            : "apply the removal first and the addition afterwards",
      },
    ];
  });
}

function checkDocker({ host, networks, facts }: AttachPreflightInput): Problem[] {
  if (!facts.docker.ready && networks.length > 0) {
    const names = networks.map((network) => network.attach.network ?? network.name);
    const what = `${names.length === 1 ? "network" : "networks"} ${names.join(", ")}`;
    const advice = "start Docker on that host, or write `docker: none`";
    return [{ kind: "unsupported", doing: "preparing the Docker", what, where: host.name, why: facts.docker.reason, try: advice }];
  }
  return networks.flatMap((network): Problem[] => {
    const name = network.attach.network ?? network.name;
    const problem = { doing: "preparing the Docker network", what: name, where: host.name };
    if (traitsOf(network.dataplane).layer === 3 && facts.docker.firewall.startsWith("nftables")) {
      // an accept of ours does not overrule a drop in a later chain (nft(8), base chains), and Docker asks nobody before its own
      const why = `Docker's firewall is made with nftables there (firewall-backend), and lets nobody's rules stand before its own, which drop what other hosts route to containers`;
      const advice = 'write dataplane: vxlan or `docker: none`, or "firewall-backend": "iptables" in that host\'s /etc/docker/daemon.json';
      return [{ ...problem, kind: "unsupported", why, try: advice }];
    }
    if (!facts.foreignDockerNetworks.some((other) => other.name === name)) return [];
    const why = "a Docker network of that name exists and is not ours";
    return [{ ...problem, kind: "conflict", why, try: `remove it, or write docker: { network: another-name }` }];
  });
}

function checkLiveContainers({ host, snapshot, steps }: AttachPreflightInput): Problem[] {
  return steps.flatMap((step): Problem[] => {
    if (step.before?.kind !== "docker-network") return [];
    const containers = containersOn(snapshot, step.before.name);
    if (containers.length === 0) return [];
    const field = step.differences.map((difference) => `${difference.field} ${difference.from} to ${difference.to}`).join(", ");
    return [
      {
        kind: "refused",
        doing: step.action === "remove" ? "removing the Docker network" : "replacing the Docker network",
        what: step.before.name,
        where: host.name,
        why: `${field === "" ? "" : `it must be made again (${field}), and `}running containers are on it: ${containers.join(", ")}`,
        try: `stop them, or disconnect them: docker network disconnect ${step.before.name} ${containers[0]}`,
      },
    ];
  });
}
