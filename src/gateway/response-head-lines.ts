// The fields that the gateway adds to every response: Server, Date (RFC 9110 section 6.6.1) and Connection.

const SERVER = 'tunicorn';

let second = 0;
let open = '';
let closing = '';

/** The three lines, each with its CRLF; made once a second. */
export function responseHeadLines(keepAlive: boolean): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    const lines = `Server: ${SERVER}\r\nDate: ${new Date(now * 1000).toUTCString()}\r\nConnection: `;
    open = `${lines}keep-alive\r\n`;
    closing = `${lines}close\r\n`;
  }
  return keepAlive ? open : closing;
}
