/** What a spec file may be at most: a cluster of 10,000 hosts fits, a bomb does not. Checked before the text is composed. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024;
export const MAX_DEPTH = 32;
export const MAX_HOSTS = 10_000;
export const MAX_NETWORKS = 64;
/** Aliases that repeat a part of the file, and nodes after they are expanded. */
export const MAX_ALIASES = 100;
/** YAML tokens (a word, a colon, a line break, ...): about 50 for each of 10,000 hosts. */
export const MAX_TOKENS = 500_000;
