import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClusterLab, type ClusterLab } from "./cluster-lab.ts";
import { createTutorial } from "./tutorial.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
let cluster: ClusterLab;
beforeAll(async () => {
  cluster = await createClusterLab({ docker: "host", spec: "" });
});
afterAll(() => cluster?.down());

test("docs/tutorial.md is what a newcomer sees, from init to destroy (renew it with `vitest -u`)", async () => {
  const { say, type, edit, interrupt, page } = createTutorial(cluster, MAIN);
  say(`# Ten minutes with Spanwire

A cluster of three hosts on this one machine, from the first file to the last trace. Every command here was run, and every answer
is what came ([the test](../tests/lab/tutorial.deep.test.ts)); only times are made equal. It needs root, for the hosts are made of
network namespaces. On real servers leave out what begins with \`spanwire lab\`, and everything else is the same.

\`\`\`console
# npm run lab -- up
# export SPANWIRE_LAB=demo PATH=$PWD/bin:$PATH
# mkdir /tmp/first && cd /tmp/first
\`\`\`

Three hosts are up, h1 to h3, each with a Docker of its own. From now on \`spanwire\` means them.

## The file`);
  await rm(join(cluster.directory, "spanwire.yaml"));
  await type("spanwire init --cluster first --host vm1=10.99.0.1 --host vm2=10.99.0.2 --host vm3=10.99.0.3");
  say("It is a short file with comments. Say `dataplane: vxlon` in it, and ask:");
  await edit("dataplane: vxlan", "dataplane: vxlon");
  await type("spanwire validate");
  await edit("dataplane: vxlon", "dataplane: vxlan");
  await type("spanwire validate");
  say(`## See it, then do it`);
  await type("spanwire plan");
  say("Nothing has been changed yet. On a terminal `apply` shows this and asks; `--yes` is the answer for scripts.");
  await type("spanwire apply --yes");
  await type("spanwire apply --yes");
  say("## Containers");
  await type("spanwire lab exec h1 -- docker run -d --name web --network apps spx-busybox sleep 1000");
  await type("spanwire lab exec h3 -- docker run -d --name db --network apps spx-busybox sleep 1000");
  await type("spanwire lab exec h3 -- docker exec db ping -c1 -q 10.64.24.1");
  say("`db` on h3 reaches `web` on h1 by its own address. The proof, for every pair of hosts and of containers:");
  await type("spanwire verify --containers");
  say("## Something breaks");
  await type("spanwire lab cut h1 h3");
  await type("spanwire verify");
  await type("spanwire lab heal");
  say("A Docker daemon dies. What can be known of its host is still shown, and what cannot is named:");
  await type("spanwire lab kill h2 dockerd");
  await type("spanwire status");
  await type("spanwire lab start h2 dockerd");
  say(`## A change, and second thoughts

Write a second network below the first, \`data: { subnet: 10.80.0.0/16 }\`. \`try\` applies it, and takes it back unless you say a word:`);
  await edit("networks:", "networks:\n  data: { subnet: 10.80.0.0/16 }");
  await interrupt("spanwire try", "Enter");
  await type("spanwire status");
  say("## Away with it");
  await type("spanwire destroy --yes");
  say("Containers are on the network, so it stays until they have gone:");
  await type("spanwire lab exec h1 -- docker rm -f web");
  await type("spanwire lab exec h3 -- docker rm -f db");
  await type("spanwire destroy --yes");
  say(`The hosts are as they were. \`npm run lab -- down\` takes the lab away.

Next: [what the file can say](reference/spec.md), [when something does not work](troubleshooting.md), [questions](faq.md).`);
  await expect(page()).toMatchFileSnapshot("../../docs/tutorial.md");
});
