// The fields that the gateway adds to every response: Server, Date (RFC 9110 section 6.6.1), those of response_headers, and Connection.

import type { GatewaySettings } from '../../../settings/for-processes/gateway-settings.ts';
import { wireLine } from '../../../settings/response-fields.ts';
import { formatHttpDate } from '../http-date.ts';

/** If `serverName` is empty, there is no Server field. */
type OwnFields = Pick<GatewaySettings, 'serverName' | 'sendsDate' | 'responseFields'>;

export class ResponseHeadLines {
  readonly #fields: OwnFields;
  #second = -1;
  #open = '';
  #closing = '';

  constructor(fields: OwnFields) {
    this.#fields = fields;
  }

  /** The lines, each with its CRLF; computed once a second. */
  text(keepAlive: boolean): string {
    const now = Math.floor(Date.now() / 1000);
    if (now !== this.#second) {
      this.#second = now;
      const lines = this.#originText(now);
      this.#open = `${lines}Connection: keep-alive\r\n`;
      this.#closing = `${lines}Connection: close\r\n`;
    }
    return keepAlive ? this.#open : this.#closing;
  }

  /** The same without Connection and without CRLF. */
  originLines(): string[] {
    const text = this.#originText(Math.floor(Date.now() / 1000));
    return text.split('\r\n').filter((line) => line !== '');
  }

  #originText(second: number): string {
    const { serverName, sendsDate, responseFields } = this.#fields;
    const server = serverName === '' ? '' : `Server: ${serverName}\r\n`;
    const date = sendsDate ? `Date: ${formatHttpDate(second)}\r\n` : '';
    return `${server}${date}${responseFields.map(wireLine).join('')}`;
  }
}
