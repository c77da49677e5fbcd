import { GATEWAY_ADDRESS, namespacePath } from "./lab-names.ts";
import type { LabHost, LabState } from "./lab-state.ts";
import { ipBatch, runInHost, runTool } from "./tools.ts";

/** Holds the data NIC of a host whose Open vSwitch works in userspace. */
const UNDERLAY_BRIDGE = "br-phy";

/** The device that carries a host's underlay address. */
export const underlayDevice = (lab: LabState): string => (lab.ovs === "netdev" ? UNDERLAY_BRIDGE : "eth0");

/**
 * A tunnel of the userspace datapath only works when the underlay address sits on a bridge of that datapath, beside the
 * uplink (Open vSwitch, howto/userspace-tunneling). Same MAC as the uplink, so nothing changes for the others. Can be
 * repeated: it changes what is missing.
 */
export async function ensureUnderlayBridge(lab: LabState, host: LabHost): Promise<void> {
  await muteKernel(lab, host);
  const [nic] = JSON.parse(await runInHost(lab, host, ["ip", "-json", "link", "show", "eth0"], "reading the data NIC")) as [
    { address: string },
  ];
  const commands = [
    ["--may-exist", "add-br", UNDERLAY_BRIDGE],
    ["set", "bridge", UNDERLAY_BRIDGE, "datapath_type=netdev", `other_config:hwaddr="${nic.address}"`],
    ["--may-exist", "add-port", UNDERLAY_BRIDGE, "eth0"],
    requestMtu(lab.mtuBytes),
  ];
  await ovsTransaction(lab, host, commands, "creating the underlay bridge");
  const lines = [
    `link set ${UNDERLAY_BRIDGE} up`,
    `address replace ${host.address}/24 dev ${UNDERLAY_BRIDGE}`,
    `route replace default via ${GATEWAY_ADDRESS} dev ${UNDERLAY_BRIDGE}`,
  ];
  await ipBatch(lab.runId, host.namespace, lines, `configuring ${host.name}`);
}

/**
 * The kernel's own stack still sees every frame of the uplink and would answer a second time (Open vSwitch,
 * intro/install/userspace: "Firewall Rules"; measured: each ping twice). At ingress, because there the frame has already
 * been given to Open vSwitch's packet socket.
 */
async function muteKernel(lab: LabState, host: LabHost): Promise<void> {
  const chain = "add chain netdev lab-underlay ingress { type filter hook ingress device eth0 priority 0; policy drop; }";
  await runInHost(lab, host, ["nft", `add table netdev lab-underlay; ${chain}`], "muting the data NIC");
}

/**
 * The switch's own stack leaves checksums to the card, which a veth never fills in; the kernel at the other end knows,
 * userspace Open vSwitch does not, and TCP from the outside would never connect.
 */
export async function fillSwitchChecksums(lab: LabState): Promise<void> {
  const argv = ["nsenter", `--net=${namespacePath(lab.switchNamespace)}`, "ethtool", "-K", "data", "tx", "off"] as const;
  await runTool(argv, { runId: lab.runId, doing: "making the switch fill in checksums" });
}

/** The kernel sees the bridge's, the wire the NIC's: with one of them alone larger packets would vanish in between. */
export async function setUnderlayMtu(lab: LabState, host: LabHost, mtuBytes: number): Promise<void> {
  await ipBatch(lab.runId, host.namespace, [`link set eth0 mtu ${mtuBytes}`], "setting the MTU");
  if (lab.ovs === "netdev") await ovsTransaction(lab, host, [requestMtu(mtuBytes)], "setting the MTU");
}

/** Without a request Open vSwitch resets it to the smallest of the ports whenever one is added. */
const requestMtu = (mtuBytes: number): string[] => ["set", "interface", UNDERLAY_BRIDGE, `mtu_request=${mtuBytes}`];

async function ovsTransaction(lab: LabState, host: LabHost, commands: readonly string[][], doing: string): Promise<void> {
  const argv = commands.flatMap((command) => ["--", ...command]);
  await runInHost(lab, host, ["ovs-vsctl", "--timeout=20", ...argv], doing);
}
