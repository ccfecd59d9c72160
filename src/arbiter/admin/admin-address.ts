// The address for probes and metrics: an HTTP server of the arbiter on listening sockets of its own. Node's HTTP modules are loaded only if
// there is such an address, because they take memory and time.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { ADMIN_MESSAGES } from '../../log/catalog/admin.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import { isLocalOnly } from '../../settings/kinds/bind-address.ts';
import type { Listeners, Sharing } from '../sockets/listeners.ts';
import { type AdminFacts, adminAnswer } from './admin-answer.ts';

export interface AdminAddressOptions {
  readonly log: ErrorLog;
  readonly listeners: Listeners;
  readonly facts: AdminFacts;
  /** The setting admin_token. */
  readonly token: () => string | null;
}

const CONNECTIONS = 100;
const BACKLOG = 128;
/** A client of this address sends a short request at once. */
const REQUEST_MS = 10_000;

/** `require` also works inside a bundle. */
const load = createRequire(import.meta.url);

export class AdminAddress {
  readonly #options: AdminAddressOptions;
  /** By the listener's id. */
  readonly #servers: Map<number, Server> = new Map();
  /** What the last warning was about. */
  #warned = '';

  constructor(options: AdminAddressOptions) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#options.listeners.current().length > 0;
  }

  /** Answers on the listeners that there are now. */
  follow(): void {
    const { listeners } = this.#options;
    for (const id of listeners.closedIds()) this.#close(id);
    for (const { address, handle } of listeners.current()) {
      if (this.#servers.has(address.id)) continue;
      const server = this.#newServer();
      server.listen(handle, BACKLOG);
      this.#servers.set(address.id, server);
      this.#options.log.say(ADMIN_MESSAGES.adminAddress, { address: address.label });
    }
    this.#warnIfOpen();
  }

  /** Answers the requests that are here, and no more. */
  close(sharing: Sharing): void {
    this.#options.listeners.close(sharing);
    for (const id of [...this.#servers.keys()]) this.#close(id);
  }

  #close(id: number): void {
    this.#servers.get(id)?.close();
    this.#servers.delete(id);
  }

  #newServer(): Server {
    const http = load('node:http') as typeof import('node:http');
    const server = http.createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#options.log.say(ADMIN_MESSAGES.adminRequestFailed, { reason: String(error) });
        response.writeHead(500).end();
      });
    });
    server.maxConnections = CONNECTIONS;
    server.headersTimeout = REQUEST_MS;
    server.requestTimeout = REQUEST_MS;
    // EMFILE and the like: the connection stays in the backlog.
    server.on('error', () => {});
    return server;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    request.resume();
    const { facts } = this.#options;
    const isAllowed = this.#isAllowed(headers.authorization ?? '');
    const answer = await adminAnswer({ method, target: url, accept: headers.accept ?? '', isAllowed }, facts);
    const body = Buffer.from(answer.body);
    response.writeHead(answer.status, {
      ...answer.fields,
      'Content-Type': answer.contentType,
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
    });
    response.end(method === 'HEAD' ? undefined : body);
  }

  /** Digests have one length, and their comparison takes the same time wherever they differ. */
  #isAllowed(authorization: string): boolean {
    const token = this.#options.token();
    if (token === null) return true;
    const { createHash, timingSafeEqual } = load('node:crypto') as typeof import('node:crypto');
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    const given = /^bearer +(.*)$/i.exec(authorization)?.[1] ?? '';
    return timingSafeEqual(digest(given), digest(token));
  }

  #warnIfOpen(): void {
    const { listeners, token, log } = this.#options;
    const open = listeners.current().filter(({ bind }) => !isLocalOnly(bind));
    const addresses = token() === null ? open.map(({ address }) => address.label).join(', ') : '';
    if (addresses !== '' && addresses !== this.#warned) log.say(ADMIN_MESSAGES.adminAddressOpen, { addresses });
    this.#warned = addresses;
  }
}
