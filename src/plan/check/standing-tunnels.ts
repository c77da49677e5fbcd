import type { StandingTunnel } from "../../model/host-state.ts";
import { describeReceiver, type Wire } from "../../net/tunnel.ts";
import { findMark, isMarkedBy } from "../../model/mark.ts";
import { OVS_GRE_TYPES, ovsUdpPortOf } from "../../kinds/ovs-words.ts";
import type { Snapshot, SnapshotLink } from "../../model/snapshot.ts";

/**
 * Not links of their own: what the kernel makes in every namespace once a GRE module is loaded, and what Open vSwitch makes
 * once for all its tunnels of a type (lib/dpif-netlink-rtnl.c); its ports say more.
 */
export const SHARED_LINK = /^(gre0|gretap0|erspan0|ip6gre0|(vxlan|genev)_sys_\d+|(ip6)?(gre|erspan)_sys)$/;

export function findStandingTunnels(snapshot: Snapshot, clusterUuid: string): StandingTunnel[] {
  return [...kernelTunnels(snapshot, clusterUuid), ...ovsTunnels(snapshot, clusterUuid)];
}

function kernelTunnels({ links, fdb }: Snapshot, clusterUuid: string): StandingTunnel[] {
  return links.flatMap((link): StandingTunnel[] => {
    const wire = wireOfLink(link);
    if (wire === undefined || SHARED_LINK.test(link.name)) return [];
    const remote = link.vxlan?.remote ?? link.tunnel?.remote ?? "";
    const listed = fdb.flatMap(({ device, destination }) => (device === link.name ? (destination ?? []) : []));
    const known = [...new Set([...(remote === "" ? [] : [remote]), ...listed])];
    return [
      {
        name: link.name,
        isOurs: isMarkedBy(link.alias, clusterUuid),
        wire,
        receiver: link.kind === "tun" ? "wireguard-go" : describeReceiver("kernel", link.kind),
        isExclusive: link.wireguard !== undefined,
        isInUserspace: false,
        // another cluster's device hears only whom it lists
        remotes: known.length === 0 && findMark(link.alias) === undefined ? ["any"] : known,
        ...(link.vxlan === undefined ? {} : { vni: link.vxlan.vni }),
      },
    ];
  });
}

/** Before iproute2 5.18 an external Geneve link has no port in the listing: then it is one of the host's UDP listeners. */
function wireOfLink({ kind, vxlan, tunnel, wireguard }: SnapshotLink): Wire | undefined {
  if (vxlan !== undefined) return vxlan.port;
  if (wireguard !== undefined) return wireguard.port;
  return tunnel === undefined || kind === "geneve" ? tunnel?.port : "gre";
}

/** Tunnel options: ovs-vswitchd.conf.db(5), table Interface. */
function ovsTunnels({ ovs }: Snapshot, clusterUuid: string): StandingTunnel[] {
  if (ovs.state !== "ready") return [];
  const inUserspace = new Set(ovs.bridges.flatMap((bridge) => (bridge.datapath === "netdev" ? [bridge.name] : [])));
  return ovs.ports.flatMap((port): StandingTunnel[] => {
    const remote = port.options["remote_ip"];
    const wire = OVS_GRE_TYPES.has(port.type) ? "gre" : ovsUdpPortOf(port);
    if (remote === undefined || wire === undefined) return [];
    const isInUserspace = inUserspace.has(port.bridge);
    return [
      {
        name: port.name,
        isOurs: isMarkedBy(port.mark, clusterUuid),
        wire,
        receiver: describeReceiver(isInUserspace ? "netdev" : "system", port.type),
        isExclusive: false,
        isInUserspace,
        remotes: [remote === "flow" ? "any" : remote],
        ovs: { type: port.type, key: port.options["key"] ?? "" },
      },
    ];
  });
}
