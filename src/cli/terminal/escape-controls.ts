/**
 * Hosts, tools and files put their own words into what we print: what would move a terminal's cursor, change its title or
 * turn the direction of writing is shown as its code point. Newlines and tabs stay, and colours (SGR, ECMA-48 8.3.117),
 * which are ours.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(COLOUR_OR_CONTROL, (found) => (found.length > 1 ? found : `\\u{${found.charCodeAt(0).toString(16)}}`));
}

// oxlint-disable-next-line no-control-regex -- they are what this is about
const COLOUR_OR_CONTROL = /\u001b\[[0-9;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
