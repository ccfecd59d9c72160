// JSON that is one line for every reader. Pure. JSON.stringify() escapes the C0 controls only; this also escapes the characters
// that some readers take for a line end (C1 with NEL, U+2028, U+2029) or that terminals interpret.

const UNSAFE = /[\x7f-\x9f\u2028\u2029]/;
const EACH_UNSAFE = /[\x7f-\x9f\u2028\u2029]/g;

export function jsonLine(fields: object): string {
  const text = JSON.stringify(fields);
  if (!UNSAFE.test(text)) return text;
  return text.replace(EACH_UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
