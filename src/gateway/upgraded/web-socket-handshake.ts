// The last step of a WebSocket handshake, after the application has accepted it: the `ws` library answers the client and speaks the
// protocol from then on. The connection must have removed its own listeners from the socket.

import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { ResponseHeadLines } from '../http1/response/response-head-lines.ts';
import { lastPair } from '../ticket/environ-pairs.ts';

export interface WebSocketLimits {
  /** The lines that the gateway adds to the head of its answer. */
  readonly headLines: ResponseHeadLines;
  /** 0: no limit. The same holds for the next two. */
  readonly webSocketMessageBytes: number;
  readonly webSocketPingIntervalMs: number;
  readonly webSocketPingTimeoutMs: number;
  readonly webSocketCompression: boolean;
  /** 0: no limit. */
  readonly memoryLimitBytes: number;
}

/** How long a client may take to answer a close frame before it is cut off. */
const CLOSE_TIMEOUT_MS = 5000;

/**
 * No compression context is kept between messages: a compressor costs some 250 KiB, and most WebSockets are idle most of the time. Short
 * messages would grow rather than shrink.
 */
const DEFLATE = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 13,
  zlibDeflateOptions: { level: 3, memLevel: 6 },
  threshold: 1024,
  concurrencyLimit: 4,
};

/** Fields that the gateway itself puts into the answer. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'upgrade',
  'connection',
  'content-length',
  'transfer-encoding',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'date',
  'server',
]);

const servers: WeakMap<WebSocketLimits, WebSocketServer> = new WeakMap();

/**
 * `lines` are the fields with which the worker accepted, `early` the bytes that the client sent after its request. Null when the client
 * has just left.
 */
export function completeHandshake(
  socket: Socket,
  environFields: string,
  accepted: { readonly lines: string; readonly early: Buffer },
  limits: WebSocketLimits,
): WebSocket | null {
  const server = serverFor(limits);
  const lines = [...limits.headLines.originLines(), ...accepted.lines.split('\r\n').slice(1).filter(isPassedOn)];
  const addLines = (headers: string[]): number => headers.push(...lines);
  let completed: WebSocket | null = null;
  server.on('headers', addLines);
  // Header lines are ISO-8859-1, and `ws` writes them like any text.
  socket.setDefaultEncoding('latin1');
  // `ws` calls back before it returns, or never.
  server.handleUpgrade(requestOf(socket, environFields), socket, accepted.early, (webSocket) => {
    completed = webSocket;
  });
  server.off('headers', addLines);
  return completed;
}

function serverFor(limits: WebSocketLimits): WebSocketServer {
  const known = servers.get(limits);
  if (known !== undefined) return known;
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    maxPayload: longestMessageBytes(limits),
    autoPong: false,
    perMessageDeflate: limits.webSocketCompression ? DEFLATE : false,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const server = new WebSocketServer(options);
  servers.set(limits, server);
  return server;
}

/** The maximum size of a decompressed message; `ws` stops inflating there. */
function longestMessageBytes({
  webSocketMessageBytes,
  webSocketCompression,
  memoryLimitBytes,
}: WebSocketLimits): number {
  if (!webSocketCompression || memoryLimitBytes === 0) return webSocketMessageBytes;
  return webSocketMessageBytes === 0 ? memoryLimitBytes : Math.min(webSocketMessageBytes, memoryLimitBytes);
}

/** The fields that `ws` reads. Subprotocols are left out, because the application chooses among them. */
function requestOf(socket: Socket, environFields: string): IncomingMessage {
  const request = new IncomingMessage(socket);
  request.method = 'GET';
  request.headers.upgrade = 'websocket';
  for (const name of ['key', 'version', 'extensions'] as const) {
    const value = lastPair(environFields, `HTTP_SEC_WEBSOCKET_${name.toUpperCase()}`);
    const passed = name === 'extensions' && value !== undefined ? acceptable(value) : value;
    if (passed !== undefined) request.headers[`sec-websocket-${name}`] = passed;
  }
  return request;
}

/** Offers with a smaller window than ours are removed, as if declined (RFC 7692 section 7.1.2.1); `ws` would refuse the handshake. */
function acceptable(offers: string): string | undefined {
  const isTooSmall = /;\s*server_max_window_bits\s*=\s*"?(?:[89]|1[0-2])\b/;
  const kept = offers.split(',').filter((offer) => !isTooSmall.test(offer));
  return kept.length === 0 ? undefined : kept.join(',').trim();
}

function isPassedOn(line: string): boolean {
  return line !== '' && !OWN_FIELDS.has(line.slice(0, line.indexOf(':')).trim().toLowerCase());
}
