// A ticket that has been written and has not ended. Its exchange may get another one, if this one turns out not to have been run.

import type { Exchange } from '../exchange/exchange.ts';
import type { IssuedTicket } from '../exchange/exchange-life.ts';

/** How long a living worker may take between the end of its read() and its claim. */
export const CLAIM_WITHIN_MS = 50;

export interface OutstandingTicket extends IssuedTicket {
  readonly exchange: Exchange;
}

/** Whether, as far as the gateway knows, no worker has begun to answer it and its exchange has not ended otherwise. */
export function isUnanswered({ exchange, id }: OutstandingTicket): boolean {
  const { state } = exchange;
  return state.kind === 'outstanding' && state.ticket.id === id;
}
