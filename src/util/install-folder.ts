/** Where a bootstrap places the executable on a host, one folder a version. */
export const INSTALL_FOLDER = "/usr/local/lib/spanwire";
