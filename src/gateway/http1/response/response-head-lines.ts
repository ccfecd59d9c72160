// The fields that the gateway adds to every response: Server, Date (RFC 9110 section 6.6.1), those of response_headers, and Connection.

import type { GatewaySettings } from '../../../settings/for-processes/gateway-settings.ts';
import { wireLine } from '../../../settings/response-fields.ts';

type OwnFields = Pick<GatewaySettings, 'serverName' | 'sendsDate' | 'responseFields'>;

let own: OwnFields = { serverName: 'tunicorn', sendsDate: true, responseFields: [] };
let second = -1;
let open = '';
let closing = '';

/** What responses say from now on; with an empty name there is no field Server. */
export function setOwnFields(fields: OwnFields): void {
  own = fields;
  second = -1;
}

/** The same without Connection, and without CRLF. */
export function originLines(): string[] {
  const lines = responseHeadLines(true).split('\r\n');
  return lines.filter((line) => line !== '' && !line.startsWith('Connection:'));
}

/** The lines, each with its CRLF; made once a second. */
export function responseHeadLines(keepAlive: boolean): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    const server = own.serverName === '' ? '' : `Server: ${own.serverName}\r\n`;
    const date = own.sendsDate ? `Date: ${new Date(now * 1000).toUTCString()}\r\n` : '';
    const lines = `${server}${date}${own.responseFields.map(wireLine).join('')}Connection: `;
    open = `${lines}keep-alive\r\n`;
    closing = `${lines}close\r\n`;
  }
  return keepAlive ? open : closing;
}
