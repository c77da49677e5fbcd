/** What `verify` measures, as plain data: derived from cluster and lock, independent of any data plane. */
export interface VerifyTarget {
  networks: readonly TargetNetwork[];
  /** Underlay facts per host name. */
  underlay: Readonly<Record<string, { address: string }>>;
}

export interface TargetNetwork {
  name: string;
  /** "10.64.0.0/12" */
  subnet: string;
  /** The pinned MTU: the largest packet that must pass end to end with DF. */
  mtuBytes: number;
  /** Bytes the encapsulation adds on the underlay. */
  overheadBytes: number;
  /** 2: a broadcast reaches every host's endpoint once. 3: it stays on its host. */
  layer: 2 | 3;
  /** What firewalls must let pass, in words: "UDP port 8472". */
  wire: string;
  egress: { mode: "masquerade" | "none"; check?: string };
  hosts: readonly TargetHost[];
}

export interface TargetHost {
  host: string;
  /** Our bridge on that host. */
  bridge: string;
  /** What members on this host send to when they want to leave their subnet (no prefix length). */
  gateway: string;
  /** What everybody else calls this host by; the gateway unless the hosts route between subnets of their own. */
  overlay: string;
  /** Address reserved for the probe endpoint, with the subnet's prefix length: "10.64.1.2/12". */
  probe: string;
  probeMac: string;
}
