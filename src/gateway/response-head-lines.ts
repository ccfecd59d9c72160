// The fields that the gateway adds to every response: Server, Date (RFC 9110 section 6.6.1) and Connection.

let serverLine = 'Server: tunicorn\r\n';
let second = 0;
let open = '';
let closing = '';

/** What the field Server says from now on; with an empty name there is no such field. */
export function nameServer(name: string): void {
  serverLine = name === '' ? '' : `Server: ${name}\r\n`;
  second = 0;
}

/** Server and Date alone, without CRLF. */
export function originLines(): string[] {
  const lines = responseHeadLines(true).split('\r\n');
  return lines.filter((line) => line !== '' && !line.startsWith('Connection:'));
}

/** The lines, each with its CRLF; made once a second. */
export function responseHeadLines(keepAlive: boolean): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    const lines = `${serverLine}Date: ${new Date(now * 1000).toUTCString()}\r\nConnection: `;
    open = `${lines}keep-alive\r\n`;
    closing = `${lines}close\r\n`;
  }
  return keepAlive ? open : closing;
}
