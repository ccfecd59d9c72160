// What a gateway counts and reports to the arbiter, as plain JSON: counters, which only grow while the process lives, and gauges. Pure.

import type { RequestEnd } from '../../log/access-record.ts';
import { BYTES_BUCKETS, type HistogramCounts, noObservations, SECONDS_BUCKETS } from './histogram.ts';

/** `none`: the client left before there was a status. */
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

/** The limits of docs/timeouts.md that refuse a request, or cut a connection off. `open_files` is the operating system's. */
export const LIMITS = [
  'head_timeout',
  'body_timeout',
  'body_min_rate',
  'queue_timeout',
  'timeout',
  'write_timeout',
  'websocket_ping_timeout',
  'limit_request_line',
  'limit_request_fields',
  'limit_request_field_size',
  'limit_request_body',
  'websocket_max_message_size',
  'gateway_memory',
  'gateway_spool',
  'gateway_connections',
  'open_files',
  'queue_limit',
] as const;
export type Limit = (typeof LIMITS)[number];

export const REQUEST_ENDS: readonly RequestEnd[] = [
  'answered',
  'cut-off',
  'client-gone',
  'refused',
  'request-timeout',
  'write-timeout',
  'timeout',
  'worker-died',
  'queue-timeout',
  'overload',
  'shutting-down',
  'spool-failed',
];

/** The statuses of a gateway's own answers. */
export const OWN_STATUSES = [400, 403, 408, 413, 414, 417, 421, 426, 431, 500, 501, 502, 503, 504, 505] as const;

/** `idle`: kept alive, or new; `active`: a request is being read or served; `closing`: the client has yet to read its last response. */
export const CONNECTION_STATES = ['idle', 'active', 'event_stream', 'websocket', 'tunnel', 'closing'] as const;
export type ConnectionStateName = (typeof CONNECTION_STATES)[number];

type Counts<Name extends string | number> = Readonly<Record<Name, number>>;

export interface GatewayCounters {
  /** Requests by status class; a WebSocket counts when it ends. */
  readonly requests: Counts<StatusClass>;
  readonly ends: Counts<RequestEnd>;
  readonly ownAnswers: Counts<(typeof OWN_STATUSES)[number]>;
  readonly refused: Counts<Limit>;
  readonly acceptedConnections: number;
  /** From when a request was complete until its ticket was written. */
  readonly queueSeconds: HistogramCounts;
  /** From then until the worker ended the response. Without WebSockets, tunnels and event streams; the same for the next three. */
  readonly applicationSeconds: HistogramCounts;
  /** Both together. */
  readonly requestSeconds: HistogramCounts;
  readonly requestBytes: HistogramCounts;
  readonly responseBytes: HistogramCounts;
  /** How late a timer of the event loop was. */
  readonly loopDelaySeconds: HistogramCounts;
  readonly lostLogLines: number;
}

export interface GatewayGauges {
  readonly connections: Counts<ConnectionStateName>;
  readonly queueLength: number;
  readonly queueOldestSeconds: number;
  /** Requests whose ticket was written and is not answered. */
  readonly running: number;
  /** Bodies and messages in memory, and bodies and responses on the disk. */
  readonly bufferedBytes: number;
  readonly spooledBytes: number;
}

export interface GatewayReport {
  readonly counters: GatewayCounters;
  readonly gauges: GatewayGauges;
}

export const NO_COUNTERS: GatewayCounters = {
  requests: zeroes(STATUS_CLASSES),
  ends: zeroes(REQUEST_ENDS),
  ownAnswers: zeroes(OWN_STATUSES),
  refused: zeroes(LIMITS),
  acceptedConnections: 0,
  queueSeconds: noObservations(SECONDS_BUCKETS),
  applicationSeconds: noObservations(SECONDS_BUCKETS),
  requestSeconds: noObservations(SECONDS_BUCKETS),
  requestBytes: noObservations(BYTES_BUCKETS),
  responseBytes: noObservations(BYTES_BUCKETS),
  loopDelaySeconds: noObservations(SECONDS_BUCKETS),
  lostLogLines: 0,
};

const NO_GAUGES: GatewayGauges = {
  connections: zeroes(CONNECTION_STATES),
  queueLength: 0,
  queueOldestSeconds: 0,
  running: 0,
  bufferedBytes: 0,
  spooledBytes: 0,
};

export function zeroes<Name extends string | number>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

export function sumOfCounters(all: readonly GatewayCounters[]): GatewayCounters {
  return all.reduce(
    (one, other) => ({
      requests: added(one.requests, other.requests),
      ends: added(one.ends, other.ends),
      ownAnswers: added(one.ownAnswers, other.ownAnswers),
      refused: added(one.refused, other.refused),
      acceptedConnections: one.acceptedConnections + other.acceptedConnections,
      queueSeconds: merged(one.queueSeconds, other.queueSeconds),
      applicationSeconds: merged(one.applicationSeconds, other.applicationSeconds),
      requestSeconds: merged(one.requestSeconds, other.requestSeconds),
      requestBytes: merged(one.requestBytes, other.requestBytes),
      responseBytes: merged(one.responseBytes, other.responseBytes),
      loopDelaySeconds: merged(one.loopDelaySeconds, other.loopDelaySeconds),
      lostLogLines: one.lostLogLines + other.lostLogLines,
    }),
    NO_COUNTERS,
  );
}

export function sumOfGauges(all: readonly GatewayGauges[]): GatewayGauges {
  return all.reduce(
    (one, other) => ({
      connections: added(one.connections, other.connections),
      queueLength: one.queueLength + other.queueLength,
      queueOldestSeconds: Math.max(one.queueOldestSeconds, other.queueOldestSeconds),
      running: one.running + other.running,
      bufferedBytes: one.bufferedBytes + other.bufferedBytes,
      spooledBytes: one.spooledBytes + other.spooledBytes,
    }),
    NO_GAUGES,
  );
}

function added<Name extends string | number>(one: Counts<Name>, other: Counts<Name>): Counts<Name> {
  const names = Object.keys(one) as Name[];
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as Record<Name, number>;
}

function merged(one: HistogramCounts, other: HistogramCounts): HistogramCounts {
  return {
    counts: one.counts.map((count, at) => count + (other.counts[at] ?? 0)),
    sum: one.sum + other.sum,
  };
}
