// Log messages about requests that no worker will finish. Pure.

import { GATEWAY_MESSAGES } from '../../log/catalog/gateway.ts';
import { type Entry, entry } from '../../log/message.ts';

export interface UnfinishedRequest {
  readonly method: string;
  readonly target: string;
  readonly requestId: string | null;
  /** Since its worker began, without the time for which a slow client delayed it. */
  readonly ageMs: number;
  /** Whether part of the response had been sent. */
  readonly hasBegun: boolean;
}

export interface LostRequest extends UnfinishedRequest {
  readonly workerPid: number;
}

export function describeLost(lost: LostRequest): Entry {
  return entry(GATEWAY_MESSAGES.requestLost, {
    request: nameOf(lost),
    seconds: secondsOf(lost),
    pid: lost.workerPid,
    outcome: outcomeOf(lost, 502),
  });
}

/** When the server stops. */
export function describeUnfinished(request: UnfinishedRequest): Entry {
  return entry(GATEWAY_MESSAGES.requestUnfinished, {
    request: nameOf(request),
    seconds: secondsOf(request),
    outcome: outcomeOf(request, 503),
  });
}

function nameOf({ method, target, requestId }: UnfinishedRequest): string {
  return `${method} ${target}${requestId === null ? '' : ` (request id ${requestId})`}`;
}

function secondsOf({ ageMs }: UnfinishedRequest): string {
  return (Math.max(0, ageMs) / 1000).toFixed(1);
}

function outcomeOf({ hasBegun }: UnfinishedRequest, status: number): string {
  return hasBegun ? 'its response is cut off' : `the client gets ${status}`;
}
