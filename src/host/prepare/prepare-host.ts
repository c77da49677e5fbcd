import { z } from "zod";
import { PREPARATIONS, type Made, type Preparation, type Prepared } from "../../model/prepared.ts";
import type { StateDirectory } from "../state/state-directory.ts";

const prepareParams = z.strictObject({ clusterUuid: z.uuid(), what: z.array(z.enum(PREPARATIONS)).min(1).max(PREPARATIONS.length) });

/** How each is made; gives its public part. What is there already stays, for whatever uses it. */
const MAKERS: { readonly [What in Preparation]: (state: StateDirectory, clusterUuid: string) => Promise<string> } = {
  "wireguard-key": (state, clusterUuid) => state.makeWireguardKey(clusterUuid),
};

/** Before the first change of a plan: what its steps on other hosts must name. Changes nothing that packets meet. */
export async function prepareHost(params: unknown, state: StateDirectory): Promise<Prepared> {
  const { clusterUuid, what } = prepareParams.parse(params);
  const made = await Promise.all(what.map(async (name) => [name, await MAKERS[name](state, clusterUuid)] as const));
  return Object.fromEntries(made);
}

/** What this host has made so far, by cluster; undefined when nothing. */
export async function readPrepared(state: StateDirectory): Promise<Readonly<Record<string, Made>> | undefined> {
  const keys = Object.entries(await state.readWireguardKeys());
  return keys.length === 0 ? undefined : Object.fromEntries(keys.map(([clusterUuid, own]) => [clusterUuid, { "wireguard-key": own }]));
}
