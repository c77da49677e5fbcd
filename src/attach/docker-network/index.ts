import { z } from "zod";
import { DOCKER_NETWORK_NAME, DOCKER_NETWORK_NAME_RULE, DOCKER_TAKEN_NAMES } from "../../net/legal-names.ts";
import { familyOf } from "../../net/prefix.ts";
import type { Problem } from "../../model/problem.ts";
import { named } from "../../net/schema-parts.ts";
import type { AttachCheckInput, Attachment } from "../attachment.ts";
import { compileDockerNetwork } from "./compile.ts";
import { findMemberTroubles } from "./members.ts";
import { preflightDocker } from "./preflight.ts";

const schema = z.strictObject({
  network: named(DOCKER_NETWORK_NAME, DOCKER_NETWORK_NAME_RULE).meta({
    description: "Name for `docker run --network`.",
    examples: ["apps"],
  }),
});

/** Members get on by a Docker network whose bridge is ours; Docker's own bridge driver does the rest. */
export const dockerNetwork: Attachment<z.output<typeof schema>> = {
  type: "docker-network",
  schema,
  resolve: (network, written) => ({ type: "docker-network", network: written?.network ?? network }),
  check: (input) => [...checkName(input), ...checkFamily(input)],
  compile: compileDockerNetwork,
  preflight: preflightDocker,
  findMemberTroubles,
};

function checkName({ network, earlier, fail, locate }: AttachCheckInput): Problem[] {
  const name = network.attach.network ?? network.name;
  const refuse = (why: string): Problem[] => [fail(["network"], { why, try: "write docker: { network: NAME } with another name" })];
  const other = earlier.find((candidate) => candidate.attach.network === name);
  if (other !== undefined) {
    return refuse(`the Docker network ${name} is already that of ${other.name} (line ${locate(["networks", other.name]).line})`);
  }
  if (DOCKER_TAKEN_NAMES.includes(name)) return refuse(`Docker uses the network name ${name} itself`);
  if (!DOCKER_NETWORK_NAME.test(name)) return refuse(`a Docker network's name has at least two characters, and ${name} has one`);
  return [];
}

/** docs.docker.com/engine/daemon/ipv6: before Docker 28 every bridge network has IPv4. */
function checkFamily({ network, fail }: AttachCheckInput): Problem[] {
  if (familyOf(network.subnet) === 4) return [];
  return [fail([], { why: "Docker needs an IPv4 subnet for a bridge network", try: "use an IPv4 subnet, or write `docker: none`" })];
}
