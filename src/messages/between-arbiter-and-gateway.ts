// The messages between the arbiter and a gateway, over Node's IPC channel. End of that channel means that the other process is gone.

import type { RelayedAccess, RelayedLine } from '../log/relayed-log.ts';
import type { GatewaySettings } from '../settings/for-processes/gateway-settings.ts';
import type { GatewayReport } from '../telemetry/snapshot/gateway-report.ts';

/** A bound and listening socket, as described to a gateway; the handle itself travels with the message. */
export interface ListenerAddress {
  /** Position among the arbiter's listeners; a listener keeps it all its life. */
  readonly id: number;
  /** As Gunicorn prints it: `http://127.0.0.1:8000`, `http://[::1]:8000`, `unix:/run/app.sock`. */
  readonly label: string;
  readonly kind: 'tcp' | 'unix';
  /** `SERVER_NAME` and `SERVER_PORT` of requests that arrive here; for a Unix socket its path and the empty string. */
  readonly host: string;
  readonly port: string;
}

/** A gateway's connections of one generation that last as long as the client listens. */
export interface StreamCounts {
  readonly generation: number;
  readonly webSockets: number;
  readonly tunnels: number;
  readonly eventStreams: number;
}

export type ToGateway =
  | {
      readonly type: 'start';
      /** Unique among all gateway processes of this arbiter's life. */
      readonly number: number;
      /** Position among the gateways, from 0: determines its part of the cancel table. */
      readonly index: number;
      /** The arbiter's current one, which the process may have been started before. */
      readonly directory: string;
      readonly runtimeDir: string;
      readonly spoolDir: string;
      /** The interpreter, for the relay to a Unix datagram socket. */
      readonly python: string;
      readonly settings: GatewaySettings;
    }
  | { readonly type: 'listen'; readonly listener: ListenerAddress }
  | { readonly type: 'unlisten'; readonly id: number }
  /** Write tickets for this generation from now on, and close the previous one's pipe. */
  | {
      readonly type: 'serve';
      readonly generation: number;
      /** Number of tickets that the pipe can hold. */
      readonly capacity: number;
      /** Number of requests that its ready workers run concurrently. */
      readonly concurrency: number;
      readonly settings: GatewaySettings;
    }
  | { readonly type: 'workers'; readonly generation: number; readonly concurrency: number }
  /** The worker with these slots takes no more tickets, while its generation goes on: its WebSockets have to move to another worker. */
  | { readonly type: 'worker-retires'; readonly slot: number; readonly slots: number }
  /** The process that had these slots of the claims board has exited. */
  | { readonly type: 'worker-gone'; readonly slot: number; readonly slots: number; readonly generation: number }
  /** A worker of this draining generation has read end-of-file: no ticket is left in the pipe. */
  | { readonly type: 'pipe-empty'; readonly generation: number }
  /** Every worker of this generation has exited: tickets that they have not claimed are unclaimed for good. */
  | { readonly type: 'generation-gone'; readonly generation: number }
  /** The ticket has run longer than `timeout`, in the worker with this pid: answer 504, and report when that is done. */
  | { readonly type: 'expire'; readonly ticket: number; readonly pid: number }
  | { readonly type: 'reopen-logs' }
  /** Answered immediately by a gateway whose event loop is turning; the same holds for the next one. */
  | { readonly type: 'ping' }
  | { readonly type: 'report' }
  /** The end is near: continue, but keep no connection open. */
  | { readonly type: 'announce-close' }
  /**
   * Graceful: finish the requests that are here, then exit. Quick: answer them 503, then exit.
   * Kept: go on accepting until `unlisten` arrives for each listener.
   */
  | { readonly type: 'drain'; readonly manner: 'graceful' | 'quick'; readonly listeners: 'closed' | 'kept' };

export type FromGateway =
  | { readonly type: 'up'; readonly number: number }
  | { readonly type: 'serving'; readonly generation: number }
  | { readonly type: 'expired'; readonly ticket: number; readonly method: string; readonly target: string }
  | { readonly type: 'pong' }
  /** The answer to `report`; also sent before `drained`. */
  | { readonly type: 'counts'; readonly report: GatewayReport }
  /** The counts have changed since the last report. Sent at most about once a second, and before `serving` and `draining`. */
  | { readonly type: 'streams'; readonly streams: readonly StreamCounts[] }
  /** The gateway is finishing its requests: the answer to a graceful `drain`. */
  | { readonly type: 'draining' }
  | { readonly type: 'drained' }
  /** For Python's loggers. */
  | RelayedLine
  | RelayedAccess;
