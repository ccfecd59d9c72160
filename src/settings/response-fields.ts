// Response fields in settings, each `NAME: VALUE`. Pure.

/** RFC 9110 section 5.5: visible characters, spaces and tabs, and obs-text. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const FIELD_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)$/;
/** Fields that frame a message, apply to one connection, or have their own setting. */
const OWN_NAMES = new Set([
  ...[
    'connection',
    'content-length',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ],
  ...['server', 'date', 'x-request-id'],
]);

export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}

export function isFieldLine(text: string): boolean {
  const name = FIELD_LINE.exec(text)?.[1];
  return name !== undefined && !OWN_NAMES.has(name.toLowerCase());
}

/** In wire format, with CRLF. */
export function wireLine(text: string): string {
  const colon = text.indexOf(':');
  return `${text.slice(0, colon)}: ${text.slice(colon + 1).trim()}\r\n`;
}
