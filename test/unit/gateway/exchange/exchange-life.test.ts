// Every move of an exchange's life, legal or blocked, by name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Ended,
  type ExchangeEvent,
  type ExchangeState,
  type IssuedTicket,
  moveExchange,
} from '../../../../src/gateway/exchange/exchange-life.ts';
import type { WatchedTicket } from '../../../../src/gateway/exchange/watched-ticket.ts';
import type { UpgradedWebSocket } from '../../../../src/gateway/upgraded/upgraded.ts';
import type { ResponseHead } from '../../../../src/runqueue/channel-decoder.ts';

// They are only carried along.
const TICKET = { type: 'dispatched', id: 7 } as IssuedTicket;
const WATCHED = { name: 'watched' } as unknown as WatchedTicket;
const BY = { kind: 'websocket' } as UpgradedWebSocket;
const HEAD: ResponseHead = { status: 200, flags: 0, lines: '200 OK\r\n' };
const ACCEPTED: ResponseHead = { status: 101, flags: 0, lines: '101 Switching Protocols\r\n' };
const PID = 4711;

function ended(end: Ended['end'], why: Ended['why']): Ended {
  return { type: 'ended', end, why, ownStatus: null, workerPid: null };
}

const EVENTS = {
  dispatched: TICKET,
  returned: { type: 'returned' },
  watched: { type: 'watched', watched: WATCHED },
  responded: { type: 'responded', head: HEAD, workerPid: PID, isEventStream: false, by: 'worker' },
  delegated: { type: 'delegated', workerPid: PID },
  served: {
    type: 'served',
    response: { type: 'responded', head: HEAD, workerPid: null, isEventStream: false, by: 'gateway' },
  },
  upgraded: { type: 'upgraded', by: BY, head: ACCEPTED, workerPid: PID, watched: WATCHED },
  closing: { type: 'closing', why: 'overload' },
  answered: ended('answered', 'answered'),
  'cut-off': ended('cut-off', 'worker-died'),
  closed: ended('closed', 'answered'),
  'client-gone': ended('client-gone', 'client-gone'),
} satisfies Record<string, ExchangeEvent>;

type EventName = keyof typeof EVENTS;
type Living = Exclude<ExchangeState, { kind: 'finished' }>;

const WAITING: Living = { kind: 'waiting' };
const OUTSTANDING: Living = { kind: 'outstanding', ticket: TICKET, watched: null };
const RESPONDING: Living = {
  kind: 'responding',
  ticket: TICKET,
  watched: null,
  response: EVENTS.responded,
};
const SERVED: Living = { kind: 'responding', ticket: null, watched: null, response: EVENTS.served.response };
const DELEGATED: Living = { kind: 'delegated', ticket: TICKET, watched: null, workerPid: PID };
const DELEGATED_SERVED: Living = { ...SERVED, kind: 'responding', ticket: TICKET };
const TAKEN_OVER: Living = {
  kind: 'taken-over',
  ticket: TICKET,
  watched: WATCHED,
  upgrade: EVENTS.upgraded,
  closing: null,
};
const FINISHED: ExchangeState = { kind: 'finished', ended: EVENTS.answered, was: RESPONDING };

type Move = readonly [path: string, from: ExchangeState, event: EventName, to: ExchangeState | null];

function finished(was: Living, end: 'answered' | 'cut-off' | 'closed' | 'client-gone'): ExchangeState {
  return { kind: 'finished', ended: EVENTS[end], was };
}

const MOVES: readonly Move[] = [
  ['there is room in the pipe', WAITING, 'dispatched', OUTSTANDING],
  ['there is no ticket to come back', WAITING, 'returned', null],
  ['no worker knows the request yet', WAITING, 'watched', null],
  ['no worker could have answered', WAITING, 'responded', null],
  ['the gateway sends a file', WAITING, 'served', SERVED],
  ['no application could have named a file', WAITING, 'delegated', null],
  ['no application could have accepted', WAITING, 'upgraded', null],
  ['there is no WebSocket to be closed', WAITING, 'closing', null],
  ['the gateway answers: too many wait, or for too long', WAITING, 'answered', finished(WAITING, 'answered')],
  ['there is no response to be cut off', WAITING, 'cut-off', null],
  ['there is no WebSocket to be closed', WAITING, 'closed', null],
  ['the client leaves the line', WAITING, 'client-gone', finished(WAITING, 'client-gone')],

  ['it has a ticket already', OUTSTANDING, 'dispatched', null],
  ['no worker has run it: it waits again', OUTSTANDING, 'returned', WAITING],
  ['the worker wants to hear of the client', OUTSTANDING, 'watched', { ...OUTSTANDING, watched: WATCHED }],
  ['the head of the response goes out', OUTSTANDING, 'responded', RESPONDING],
  ['a worker has it', OUTSTANDING, 'served', null],
  ['the application names a file', OUTSTANDING, 'delegated', DELEGATED],
  ['the application accepts', OUTSTANDING, 'upgraded', TAKEN_OVER],
  ['there is no WebSocket to be closed', OUTSTANDING, 'closing', null],
  ['the gateway answers: the worker has died', OUTSTANDING, 'answered', finished(OUTSTANDING, 'answered')],
  [
    'the worker breaks off before its head, for a client that has left',
    OUTSTANDING,
    'cut-off',
    finished(OUTSTANDING, 'cut-off'),
  ],
  ['there is no WebSocket to be closed', OUTSTANDING, 'closed', null],
  ['the client does not wait', OUTSTANDING, 'client-gone', finished(OUTSTANDING, 'client-gone')],

  ['it has a ticket already', DELEGATED, 'dispatched', null],
  ['a request that was run does not run again', DELEGATED, 'returned', null],
  ['the application asks for more of the request', DELEGATED, 'watched', { ...DELEGATED, watched: WATCHED }],
  ['the worker has responded', DELEGATED, 'responded', null],
  ['the worker has responded', DELEGATED, 'delegated', null],
  ['the file is there', DELEGATED, 'served', DELEGATED_SERVED],
  ['nothing is accepted', DELEGATED, 'upgraded', null],
  ['there is no WebSocket to be closed', DELEGATED, 'closing', null],
  ['the gateway answers: the file cannot be read', DELEGATED, 'answered', finished(DELEGATED, 'answered')],
  ['the file cannot be read', DELEGATED, 'cut-off', finished(DELEGATED, 'cut-off')],
  ['there is no WebSocket to be closed', DELEGATED, 'closed', null],
  ['the client leaves before the file', DELEGATED, 'client-gone', finished(DELEGATED, 'client-gone')],

  ['a request that runs gets no other ticket', RESPONDING, 'dispatched', null],
  ['a request that was run does not run again', RESPONDING, 'returned', null],
  ['the application asks for more of the request', RESPONDING, 'watched', { ...RESPONDING, watched: WATCHED }],
  ['a response has one head', RESPONDING, 'responded', null],
  ['a response has one head', RESPONDING, 'served', null],
  ['a response has one head', RESPONDING, 'delegated', null],
  ['after a response nothing is accepted', RESPONDING, 'upgraded', null],
  ['there is no WebSocket to be closed', RESPONDING, 'closing', null],
  ['the response is whole', RESPONDING, 'answered', finished(RESPONDING, 'answered')],
  ['the response is cut off', RESPONDING, 'cut-off', finished(RESPONDING, 'cut-off')],
  ['there is no WebSocket to be closed', RESPONDING, 'closed', null],
  ['the client leaves in the middle', RESPONDING, 'client-gone', finished(RESPONDING, 'client-gone')],

  ['a WebSocket gets no other ticket', TAKEN_OVER, 'dispatched', null],
  ['a WebSocket is not run again', TAKEN_OVER, 'returned', null],
  ['the worker may ask at any time', TAKEN_OVER, 'watched', TAKEN_OVER],
  ['HTTP is over', TAKEN_OVER, 'responded', null],
  ['HTTP is over', TAKEN_OVER, 'served', null],
  ['HTTP is over', TAKEN_OVER, 'delegated', null],
  ['it is accepted once', TAKEN_OVER, 'upgraded', null],
  ['the gateway closes it', TAKEN_OVER, 'closing', { ...TAKEN_OVER, closing: 'overload' }],
  ['nothing is answered any more', TAKEN_OVER, 'answered', null],
  ['there is no response to be cut off', TAKEN_OVER, 'cut-off', null],
  ['it has ended', TAKEN_OVER, 'closed', finished(TAKEN_OVER, 'closed')],
  ['the client left in the handshake', TAKEN_OVER, 'client-gone', finished(TAKEN_OVER, 'client-gone')],

  ...Object.keys(EVENTS).map((event): Move => [`over: ${event}`, FINISHED, event as EventName, null]),
];

for (const [path, from, event, to] of MOVES) {
  test(`${from.kind} + ${event} ${to === null ? 'is blocked' : `-> ${to.kind}`}: ${path}`, () => {
    const before = structuredClone(from);
    assert.deepEqual(moveExchange(from, EVENTS[event]), to);
    assert.deepEqual(from, before, 'the former state is left as it was');
  });
}

test('the table has every event in every state, once', () => {
  for (const kind of ['waiting', 'outstanding', 'delegated', 'responding', 'taken-over', 'finished']) {
    const named = MOVES.filter(([, from]) => from.kind === kind).map(([, , event]) => event);
    assert.deepEqual([...named].sort(), Object.keys(EVENTS).sort(), kind);
  }
});

test('the WATCH that came before stays when the application takes the connection over', () => {
  const watched: ExchangeState = { ...OUTSTANDING, watched: WATCHED };
  const state = moveExchange(watched, { ...EVENTS.upgraded, watched: null });
  assert.ok(state?.kind === 'taken-over' && state.watched === WATCHED);
});
