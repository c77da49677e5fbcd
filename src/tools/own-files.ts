/**
 * Files of ours outside the state directory, one set per cluster, only where systemd runs: the boot units, and a word to
 * NetworkManager and systemd-networkd that our devices are not theirs. Their content follows from their path and from where
 * our program lies, so a host can check what it is asked to write.
 */
const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const UNITS = "/etc/systemd/system";

export type ServiceName = "systemd" | "networkd" | "NetworkManager";

/** What runs on a host that our files are for. */
export interface BootServices {
  /** How our program is started there. */
  program: readonly string[];
  networkd: boolean;
  networkManager: boolean;
}

interface OwnFile {
  service: ServiceName;
  path(uuid: string): string;
  render(program: readonly string[], uuid: string): string;
  /** A symbolic link; the content is where it leads. */
  isLink?: boolean;
}

const restoreUnit = (uuid: string): string => `spanwire-restore-${uuid}.service`;
const dockerUnit = (uuid: string): string => `spanwire-docker-${uuid}.service`;

const FILES: readonly OwnFile[] = [
  { service: "systemd", path: (uuid) => `${UNITS}/${restoreUnit(uuid)}`, render: renderRestoreUnit },
  { service: "systemd", path: (uuid) => `${UNITS}/${dockerUnit(uuid)}`, render: renderDockerUnit },
  ...[restoreUnit, dockerUnit].map((unit): OwnFile => ({
    service: "systemd",
    path: (uuid) => `${UNITS}/multi-user.target.wants/${unit(uuid)}`,
    render: (_program, uuid) => `../${unit(uuid)}`,
    isLink: true, // what `systemctl enable` does for WantedBy (systemd.unit(5))
  })),
  {
    service: "networkd",
    path: (uuid) => `/etc/systemd/network/05-spanwire-${uuid}.network`,
    // systemd.network(5): first match by file name wins
    render: () => "# Made by spanwire.\n[Match]\nName=spw*\n\n[Link]\nUnmanaged=yes\n",
  },
  {
    service: "networkd",
    path: (uuid) => `/etc/systemd/networkd.conf.d/90-spanwire-${uuid}.conf`,
    // networkd.conf(5): else it removes routes and rules that are not its own whenever it starts
    render: () => "# Made by spanwire.\n[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n",
  },
  {
    service: "NetworkManager",
    path: (uuid) => `/etc/NetworkManager/conf.d/90-spanwire-${uuid}.conf`,
    // NetworkManager.conf(5), "Device List Format"; += leaves others' lists as they are
    render: () => "# Made by spanwire.\n[keyfile]\nunmanaged-devices+=interface-name:spw*\n",
  },
];

/** Every path that may hold a file of this cluster. */
export const ownFilePaths = (uuid: string): string[] => FILES.map((file) => file.path(uuid));

/** The files a cluster wants on a host. */
export function listOwnFiles(uuid: string, { program, networkd, networkManager }: BootServices): { path: string; content: string }[] {
  const isThere: Record<ServiceName, boolean> = { systemd: true, networkd, NetworkManager: networkManager };
  return FILES.flatMap((file) => (isThere[file.service] ? [{ path: file.path(uuid), content: file.render(program, uuid) }] : []));
}

export interface FoundFile {
  service: ServiceName;
  isLink: boolean;
  uuid: string;
}

/** Which of our files a path is; undefined for any other path. */
export function findOwnFile(path: string): FoundFile | undefined {
  const uuid = new RegExp(UUID).exec(path)?.[0];
  const file = uuid === undefined ? undefined : FILES.find((candidate) => candidate.path(uuid) === path);
  return file === undefined || uuid === undefined ? undefined : { service: file.service, isLink: file.isLink === true, uuid };
}

/** Whether a host may write this: a file of ours, with a content of ours, that starts nothing but a program at a plain path. */
export function isOwnContent(path: string, content: string): boolean {
  const found = findOwnFile(path);
  if (found === undefined) return false;
  const program = /^ExecStart=(.*) host restore(?: --early)?$/m.exec(content)?.[1]?.split(" ") ?? [];
  if (!program.every((word) => /^\/[\w./-]+$/.test(word))) return false;
  return FILES.some((file) => file.path(found.uuid) === path && file.render(program, found.uuid) === content);
}

function renderRestoreUnit(program: readonly string[], uuid: string): string {
  return renderUnit(program, {
    description: `Spanwire: the networks of cluster ${uuid} as they were confirmed`,
    early: true,
    // Its success is the overlay address being there, which Docker needs on the bridge when it starts. Nothing of it needs an
    // underlay address or route: a tunnel's local address need not be there when it is made. So not network-online.target,
    // for which a host whose uplink does not come waits minutes, but network.target: networkd or NetworkManager have started,
    // whatever they have configured by then, and firewalls, which come before the network, have flushed what they flush
    // (systemd.special(7)). Open vSwitch has one name on Debian and another on Fedora, RHEL and SUSE; a unit that is not
    // there is nothing to wait for (systemd.unit(5)).
    order: ["After=local-fs.target network.target openvswitch-switch.service openvswitch.service", "Before=docker.service"],
  });
}

function renderDockerUnit(program: readonly string[], uuid: string): string {
  return renderUnit(program, {
    description: `Spanwire: the Docker networks of cluster ${uuid} as they were confirmed`,
    early: false,
    order: [`After=docker.service ${restoreUnit(uuid)}`],
  });
}

function renderUnit(
  program: readonly string[],
  { description, order, early }: { description: string; order: readonly string[]; early: boolean },
): string {
  const lines = [
    ...["# Made by spanwire.", "[Unit]", `Description=${description}`, ...order, ""],
    ...[
      "[Service]",
      "Type=oneshot",
      "RemainAfterExit=yes",
      `ExecStart=${program.join(" ")} host restore${early ? " --early" : ""}`,
      "TimeoutStartSec=300",
      "",
    ],
    ...["[Install]", "WantedBy=multi-user.target"],
  ];
  return `${lines.join("\n")}\n`;
}
