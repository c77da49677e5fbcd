import { z } from "zod";
import { findAddressFault, findPrefixFault, type AddressFault } from "./prefix.ts";
import { HOST_NAME, HOST_NAME_RULE, LABEL_NAME, LABEL_NAME_RULE } from "./legal-names.ts";

const faultFree = (find: (text: string) => AddressFault | undefined) =>
  z.string().check((context) => {
    const fault = find(context.value);
    if (fault === undefined) return;
    context.issues.push({ code: "custom", message: fault.why, params: { try: fault.try }, input: context.value });
  });

export const named = (pattern: RegExp, rule: string) => z.string().regex(pattern, { error: `a name is ${rule}` });

// The patterns are for editors, which know no CIDR; findPrefixFault and findAddressFault decide.
export const prefix = faultFree(findPrefixFault).meta({ pattern: "^[0-9A-Fa-f.:]+/[0-9]{1,3}$" });
export const address = faultFree(findAddressFault).meta({ pattern: "^[0-9A-Fa-f.:]+$" });
export const hostName = named(HOST_NAME, HOST_NAME_RULE);
export const labelName = named(LABEL_NAME, LABEL_NAME_RULE);

/** Adds a problem that stands at one field of a mapping, with what to write instead. */
export function addFault(context: z.core.ParsePayload, path: PropertyKey[], about: AddressFault): void {
  context.issues.push({ code: "custom", message: about.why, params: { try: about.try }, path, input: context.value });
}
