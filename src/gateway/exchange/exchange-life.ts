// The life cycle of a request and its response: a state with its data, moved by one pure function. A state keeps the event that began it,
// so that each transition costs one small object at most.

import type { RequestEnd } from '../../log/access-record.ts';
import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import type { RunTicket } from '../../runqueue/ticket.ts';
import type { TicketPipe } from '../queue/ticket-pipe.ts';
import type { UpgradedTunnel, UpgradedWebSocket } from '../upgraded/upgraded.ts';
import type { WatchedTicket } from './watched-ticket.ts';

/** The ticket of a request, and the pipe into which it was written: the event that makes a request outstanding. */
export interface IssuedTicket extends RunTicket {
  readonly type: 'dispatched';
  readonly pipe: TicketPipe;
}

export interface Responded {
  readonly type: 'responded';
  readonly head: ResponseHead;
  /** Null: no worker had the request. */
  readonly workerPid: number | null;
  readonly isEventStream: boolean;
  /** `gateway`: with a file. What the worker then sends of a body is discarded. */
  readonly by: 'worker' | 'gateway';
}

/** The gateway itself responds, with a file. */
interface Served {
  readonly type: 'served';
  readonly response: Responded;
}

/** The connection has become a WebSocket or a tunnel. */
export interface Upgrade {
  readonly type: 'upgraded';
  readonly head: ResponseHead;
  readonly workerPid: number;
  /** Null: the client left in the middle of the handshake. */
  readonly by: UpgradedWebSocket | UpgradedTunnel | null;
  /** Null: the worker has not sent WATCH, and does not need to. */
  readonly watched: WatchedTicket | null;
}

/** How an exchange ends for its connection. */
export type ExchangeEnd =
  /** The whole response was handed to the connection. */
  | 'answered'
  /** The response was cut off, so the connection cannot be used again. */
  | 'cut-off'
  /** A WebSocket or a tunnel has ended, and the connection with it. */
  | 'closed'
  | 'client-gone';

/** In the waiting line. */
interface Waiting {
  readonly kind: 'waiting';
}

/** Its ticket is in the pipe, or with a worker. */
interface Outstanding {
  readonly kind: 'outstanding';
  readonly ticket: IssuedTicket;
  /** From the worker's WATCH on. */
  readonly watched: WatchedTicket | null;
}

/** The application has named a file for the gateway to send. */
interface Delegated {
  readonly kind: 'delegated';
  readonly ticket: IssuedTicket;
  readonly watched: WatchedTicket | null;
  readonly workerPid: number;
}

/** The head of the response has been sent. */
interface Responding {
  readonly kind: 'responding';
  /** Null: it never had one. */
  readonly ticket: IssuedTicket | null;
  readonly watched: WatchedTicket | null;
  readonly response: Responded;
}

/** The connection no longer speaks HTTP. */
interface TakenOver {
  readonly kind: 'taken-over';
  readonly ticket: IssuedTicket;
  readonly watched: WatchedTicket | null;
  readonly upgrade: Upgrade;
  /** Why it is being closed, if the gateway closes it. */
  readonly closing: RequestEnd | null;
}

/** The event that ends an exchange. */
export interface Ended {
  readonly type: 'ended';
  readonly end: ExchangeEnd;
  /** For the access log. */
  readonly why: RequestEnd;
  /** The status of the gateway's own answer; null if it gave none. */
  readonly ownStatus: number | null;
  /** The worker that had the request, if the gateway knows it by other means than a response. */
  readonly workerPid: number | null;
}

interface Finished {
  readonly kind: 'finished';
  readonly ended: Ended;
  readonly was: Waiting | Outstanding | Delegated | Responding | TakenOver;
}

export type ExchangeState = Waiting | Outstanding | Delegated | Responding | TakenOver | Finished;

export type ExchangeEvent =
  | IssuedTicket
  /** Its ticket came back without having been run. */
  | { readonly type: 'returned' }
  | { readonly type: 'watched'; readonly watched: WatchedTicket }
  | Responded
  | { readonly type: 'delegated'; readonly workerPid: number }
  | Served
  | Upgrade
  /** The gateway closes the WebSocket or the tunnel. */
  | { readonly type: 'closing'; readonly why: RequestEnd }
  | Ended;

export const WAITING: ExchangeState = { kind: 'waiting' };

/** The state after `event`, or null if this state has no such transition. */
export function moveExchange(state: ExchangeState, event: ExchangeEvent): ExchangeState | null {
  if (state.kind === 'finished') return null;
  switch (event.type) {
    case 'dispatched':
      return state.kind === 'waiting' ? { kind: 'outstanding', ticket: event, watched: null } : null;
    case 'returned':
      return state.kind === 'outstanding' ? WAITING : null;
    case 'watched':
      return state.kind === 'waiting' ? null : { ...state, watched: event.watched };
    case 'responded':
      if (state.kind !== 'outstanding') return null;
      return { kind: 'responding', ticket: state.ticket, watched: state.watched, response: event };
    case 'served':
      if (state.kind === 'waiting')
        return { kind: 'responding', ticket: null, watched: null, response: event.response };
      if (state.kind !== 'delegated') return null;
      return { kind: 'responding', ticket: state.ticket, watched: state.watched, response: event.response };
    case 'delegated':
      if (state.kind !== 'outstanding') return null;
      return { kind: 'delegated', ticket: state.ticket, watched: state.watched, workerPid: event.workerPid };
    case 'upgraded': {
      if (state.kind !== 'outstanding') return null;
      const watched = event.watched ?? state.watched;
      return { kind: 'taken-over', ticket: state.ticket, watched, upgrade: event, closing: null };
    }
    case 'closing':
      return state.kind === 'taken-over' ? { ...state, closing: event.why } : null;
    case 'ended':
      return mayEnd(state, event.end) ? { kind: 'finished', ended: event, was: state } : null;
  }
}

/** A client may leave at any time. Before a response has its head, the gateway answers instead; after that, it may be cut off. */
function mayEnd(state: Exclude<ExchangeState, Finished>, end: ExchangeEnd): boolean {
  switch (end) {
    case 'client-gone':
      return true;
    case 'closed':
      return state.kind === 'taken-over';
    case 'cut-off':
      return state.kind === 'outstanding' || state.kind === 'delegated' || state.kind === 'responding';
    case 'answered':
      return state.kind !== 'taken-over';
  }
}
