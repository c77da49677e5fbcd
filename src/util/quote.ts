const MAX_QUOTED = 80;
/** C0 and C1 controls, and characters that reorder or hide text (Unicode Bidi_Control, zero-width). */
// oxlint-disable-next-line no-control-regex -- these are the characters it is about
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Untrusted text for a message: quoted, short, and unable to steer a terminal. */
export function quote(text: string): string {
  const short = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}...` : text;
  return JSON.stringify(short).replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Where a value stands, as people write it: networks.apps.subnet; a key that is not a plain word is quoted. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const step of path) {
    const plain = typeof step === "string" && /^[A-Za-z0-9_-]{1,63}$/.test(step);
    if (plain) text += text === "" ? step : `.${step}`;
    else text += `[${typeof step === "number" ? step : quote(String(step))}]`;
  }
  return text === "" ? "the file" : text;
}
