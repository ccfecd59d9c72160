// The ticket fields of a connection's requests: made from the head, the connection and, if a proxy names one in a PROXY header, the
// proxy's client.

import type { Dialect } from '../../runqueue/dialect.ts';
import type { ProxyEndpoint } from '../accept/proxy-protocol.ts';
import { clientOf, isPeerTrusted, type Transport } from '../accept/transport.ts';
import type { TrustedPeers } from '../accept/trusted-peers.ts';
import type { FieldsSource, Request, TicketFields } from '../exchange/request.ts';
import type { HttpSettings } from '../http-settings.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import type { RequestBody } from '../request/request-body.ts';
import { ASGI_SPOOL, asgiFields, withAsgiRequestId } from './asgi-fields.ts';
import { connectionFields, type EnvironFields, environFields } from './environ-fields.ts';
import { sentRequestId, withRequestId } from './request-id.ts';
import { upstreamWaitMs } from './x-request-start.ts';

export class RequestFields implements FieldsSource {
  readonly #transport: Transport;
  /** The peer, or the client that a PROXY header names. */
  readonly #client: ProxyEndpoint | null;
  readonly #shared: string;
  #http: HttpSettings;
  /** Trust depends on the socket's peer, whatever a PROXY header says. */
  #peerTrusted: boolean;
  /** The fields of the last head, which clients tend to repeat, and the request id that belonged to them. */
  #lastHead: RequestHead | null = null;
  #lastFields: EnvironFields | null = null;
  #lastSentId: string | null = null;

  constructor(transport: Transport, http: HttpSettings) {
    this.#transport = transport;
    this.#client = clientOf(transport);
    this.#shared = connectionFields(transport.listener, transport.peer, transport.proxy);
    this.#http = http;
    this.#peerTrusted = isPeerTrusted(transport, http.rules.trustedPeers);
  }

  /** The client's address; not the proxy's, if a PROXY header names the client. */
  get remoteAddress(): string {
    return this.#client?.address ?? '';
  }

  /** Adopts changed settings. */
  follow(http: HttpSettings): void {
    if (http === this.#http) return;
    this.#http = http;
    this.#peerTrusted = isPeerTrusted(this.#transport, http.rules.trustedPeers);
    this.#lastHead = null;
  }

  /** Empty if the setting is off. */
  newRequestId(): string {
    return this.#http.requestIds?.next() ?? '';
  }

  /** The request as environ pairs for the access log, for either kind of application. */
  environ(head: RequestHead, madeRequestId: string | null = null): string {
    const { fields } = environFields(head, this.#sharedBy(head), this.#transport.listener, this.#peerTrusted);
    return madeRequestId === null ? fields : withRequestId(fields, madeRequestId);
  }

  request(head: RequestHead, body: RequestBody): Request {
    if (head !== this.#lastHead || this.#lastFields === null) {
      this.#lastHead = head;
      this.#lastFields = this.#fieldsOf(head, this.#http.dialect);
      this.#lastSentId = this.#http.requestIds === null ? null : sentRequestId(head.headerFields);
    }
    const { rawPath, requestStart } = this.#lastFields;
    const requestId = this.#lastSentId ?? this.newRequestId();
    const isMade = requestId !== '' && this.#lastSentId === null;
    const { dialect } = this.#http;
    const { bytes, spoolPath, stream, size } = body;
    const madeRequestId = isMade ? requestId : null;
    return {
      head,
      dialect,
      source: this,
      fields: complete(this.#lastFields.fields, dialect, madeRequestId, spoolPath),
      rawPath,
      body: bytes,
      stream,
      spoolPath,
      bodyBytes: size,
      arrivedMs: performance.now(),
      upstreamMs: requestStart === null ? 0 : upstreamWaitMs(requestStart, Date.now()),
      requestId: requestId === '' ? null : requestId,
      madeRequestId,
    };
  }

  ticketFields({ head, madeRequestId, spoolPath }: Request, dialect: Dialect): TicketFields {
    const { fields, rawPath } = this.#fieldsOf(head, dialect);
    return { fields: complete(fields, dialect, madeRequestId, spoolPath), rawPath };
  }

  #fieldsOf(head: RequestHead, dialect: Dialect): EnvironFields {
    const { listener } = this.#transport;
    const peerTrusted = this.#peerTrusted;
    if (dialect === 'wsgi') return environFields(head, this.#sharedBy(head), listener, peerTrusted);
    const client = head.client ?? this.#client;
    return asgiFields(head, { listener, client, peerTrusted, proxies: this.#proxiesOf(client) });
  }

  #sharedBy({ client }: RequestHead): string {
    if (client === null) return this.#shared;
    const { listener, peer, proxy } = this.#transport;
    return connectionFields(listener, peer, proxy, client);
  }

  /** A client that a proxy names has sent the fields, and must itself be a trusted proxy for them to count. */
  #proxiesOf(client: ProxyEndpoint | null): TrustedPeers | null {
    const { proxies } = this.#http;
    if (proxies === null || !this.#peerTrusted) return null;
    return client === this.#transport.peer || proxies.trusts(client?.address ?? null) ? proxies : null;
  }
}

/** Adds the fields that are particular to this request. */
function complete(fields: string, dialect: Dialect, requestId: string | null, spoolPath: string | null): string {
  const withId = dialect === 'asgi' ? withAsgiRequestId : withRequestId;
  const whole = requestId === null ? fields : withId(fields, requestId);
  if (spoolPath === null) return whole;
  return `${whole}\0${dialect === 'asgi' ? ASGI_SPOOL : 'tunicorn.spool'}\0${spoolPath}`;
}
