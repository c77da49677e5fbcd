// `npm run demo`: three Docker hosts, three networks across them, measured. Leaves the lab up. Plain JavaScript for Node 18.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureNodeModules, ensureSystemPackages, InstallError, LAB_PACKAGES, main, REPOSITORY } from "./install.mjs";

const FILE = "examples/quickstart.yaml";
const CLUSTER = ["--lab", "--file", FILE];
/** Tells every caller the address it is seen with. A caller that has no more to say is in CLOSE_WAIT. */
const FIND_PEER = `netstat -tn | awk '$4 ~ /:7$/ && $6 ~ /ESTABLISHED|CLOSE_WAIT/ { sub("::ffff:", "", $5); print $5; exit }'`;
const SERVER = ["nc", "-ll", "-p", "7", "-e", "sh", "-c", `echo "$(hostname) sees you as $(${FIND_PEER})"`];
const CONTAINERS = [
  { name: "c1", host: "h1", network: "apps" },
  { name: "c3", host: "h3", network: "apps" },
  { name: "d2", host: "h2", network: "data" },
  { name: "d3", host: "h3", network: "data" },
  { name: "b1", host: "h1", network: "build" },
  { name: "b2", host: "h2", network: "build" },
];

const startedAt = performance.now();
let acts = 0;

main(() => {
  if (process.getuid?.() !== 0)
    throw new InstallError(
      "the demo makes network namespaces and starts Docker daemons in them, which only root may: run `sudo npm run demo`",
    );
  act("What the demo needs", () => {
    ensureNodeModules();
    ensureSystemPackages(LAB_PACKAGES);
  });
  act("Three Docker hosts on this machine", () => {
    show("lab", "up");
    show("lab", "heal"); // a cut left over from playing is not what this shows
  });
  act("Three networks across them: two over the kernel's VXLAN, one over Open vSwitch", () => show("apply", "--yes", ...CLUSTER));
  const addresses = act("Containers", startContainers);
  act("c1 on h1 and c3 on h3 talk, each with its real address", () => talk(addresses));
  act("Every promise, measured", () => show("verify", ...CLUSTER));
  act("The same between the running containers", () => show("verify", ...CLUSTER, "--containers"));
  say(`\nAll green, ${seconds(startedAt)}. The lab stays up. Try:\n${nextCommands(addresses)}`);
});

/** One step of the story: its heading, what it prints, and how long it took. */
function act(title, step) {
  const since = performance.now();
  acts += 1;
  const heading = `${acts}. ${title} `;
  say(`\n${heading}${"─".repeat(Math.max(0, 80 - heading.length))}`);
  const result = step();
  say(`   ${seconds(since)}`);
  return result;
}

/** Runs a command as the reader could type it, and shows it. */
function show(...args) {
  say(`$ ./bin/spanwire ${args.join(" ")}`);
  finish(args, spawnSync(launcher(), args, { cwd: REPOSITORY, stdio: "inherit" }));
}

function finish(args, result) {
  if (result.status === 0) return;
  if (result.signal === "SIGINT" || result.status === 130) process.exit(130);
  throw new InstallError(
    `\nThe demo stops: \`./bin/spanwire ${args.join(" ")}\` failed (${result.error?.message ?? result.signal ?? `exit ${result.status}`}), for the reason above.`,
  );
}

function launcher() {
  return join(REPOSITORY, "bin/spanwire");
}

/** Starts what does not run yet; container name -> address. */
function startContainers() {
  return Object.fromEntries(
    CONTAINERS.map(({ name, host, network }) => {
      const address = findAddress(name, host, network) ?? start(name, host, network);
      say(`   ${name} on ${host}: ${address} in ${network}`);
      return [name, address];
    }),
  );
}

/** undefined when the container does not run in that network. */
function findAddress(name, host, network) {
  const { status, stdout } = docker(
    host,
    "inspect",
    "--format",
    `{{if .State.Running}}{{with index .NetworkSettings.Networks "${network}"}}{{.IPAddress}}{{end}}{{end}}`,
    name,
  );
  return status === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
}

function start(name, host, network) {
  docker(host, "rm", "--force", name); // one that was stopped, or whose network was removed since
  const { status, stderr } = docker(
    host,
    "run",
    "--detach",
    "--name",
    name,
    "--hostname",
    name,
    "--network",
    network,
    "spx-busybox",
    ...SERVER,
  );
  const address = findAddress(name, host, network);
  if (status !== 0 || address === undefined)
    throw new InstallError(`\nThe demo stops: container ${name} does not run on ${host}: ${stderr.trim() || "it ended at once"}`);
  return address;
}

function talk({ c1, c3 }) {
  show("lab", "exec", "h1", "--", "docker", "exec", "c1", "ping", "-c", "2", c3);
  show("lab", "exec", "h1", "--", "docker", "exec", "c1", "nc", c3, "7");
  show("lab", "exec", "h3", "--", "docker", "exec", "c3", "nc", c1, "7");
  const { stdout } = docker("h1", "exec", "c1", "nc", c3, "7");
  if (!stdout.startsWith(`c3 sees you as ${c1}:`))
    throw new InstallError(`\nThe demo stops: c3 should see c1 as ${c1}, but its answer was "${stdout.trim()}".`);
}

/** Straight to the daemon of a lab host; `lab exec` does the same with more ceremony. */
function docker(host, ...args) {
  const env = { ...process.env, DOCKER_HOST: `unix:///var/lib/spanwire-lab/demo/${host}/docker.sock` };
  return spawnSync("docker", args, { env, encoding: "utf8" });
}

function nextCommands({ c3 }) {
  const cluster = CLUSTER.join(" ");
  const commands = [
    [`status ${cluster}`, "hosts, networks, links"],
    ["lab exec h1 -- docker run -it --rm --network apps spx-busybox sh", `a container of your own: ping ${c3}`],
    [],
    ["lab cut h1 h2", "nothing passes between two hosts"],
    [`verify ${cluster}`, "says which pairs suffer"],
    ["lab heal"],
    [],
    [`lab exec h1 -- ip link delete ${findTunnel("h1")}`, "damage a host"],
    [`plan ${cluster}`, "says what is missing, and the commands"],
    [`apply ${cluster}`, "repairs exactly that"],
    [],
    [`destroy ${cluster}`, "the hosts as they were"],
    ["lab down", "nothing of the lab is left"],
  ];
  return commands
    .map(([command, meaning = ""]) => (command === undefined ? "" : `  ./bin/spanwire ${command.padEnd(66)} ${meaning}`.trimEnd()))
    .join("\n");
}

/** The name of one of our VXLAN devices: it is derived from the cluster, so it differs from lab to lab. */
function findTunnel(host) {
  const { stdout } = spawnSync(launcher(), ["lab", "exec", host, "--", "ip", "-brief", "link", "show", "type", "vxlan"], {
    encoding: "utf8",
  });
  // with Open vSwitch in the kernel its own device is listed too
  return stdout.match(/^spw[^\s@]*/m)?.[0] ?? "";
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
