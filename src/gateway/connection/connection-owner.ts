// What a client's connection needs of the gateway.

import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import type { Limit } from '../../telemetry/snapshot/gateway-report.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { HttpSettings } from '../http-settings.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { RecordedConnection, UnservedRequest } from '../report/access-records.ts';
import type { Upgraded } from '../upgraded/upgraded.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { SpoolBudget } from './spool-budget.ts';

export interface ServingConnection extends RecordedConnection {
  /** Number of requests of this connection that have ended. */
  readonly served: number;
}

export interface ConnectionOwner {
  http(): HttpSettings;
  readonly spoolDir: string;
  readonly budget: MemoryBudget;
  readonly spoolBudget: SpoolBudget;
  isDraining(): boolean;
  connectionClosed(number: number): void;
  admit(exchange: Exchange): void;
  /** Whether the application's response names a file that the gateway sends. */
  sendsFile(exchange: Exchange, head: ResponseHead, workerPid: number): boolean;
  abandoned(exchange: Exchange): void;
  /** The client has stopped sending, and has most likely left. */
  clientLeft(exchange: Exchange): void;
  ended(exchange: Exchange, connection: ServingConnection): void;
  /** The connection has become a WebSocket or a tunnel. */
  takenOver(exchange: Exchange, by: Upgraded): void;
  refused(refusal: Refusal, connection: RecordedConnection): void;
  /** For the metrics: a limit has cut off a response or a WebSocket. */
  limitReached(limit: Limit): void;
  /** A request that was never admitted has ended. */
  unserved(request: UnservedRequest): void;
  /** A state machine was asked for a transition that it does not have. */
  illegalMove(what: string): void;
}
