// Log messages about requests whose worker did not live to finish them. Pure.

export interface UnfinishedRequest {
  readonly method: string;
  readonly target: string;
  readonly requestId: string | null;
  /** Since its worker began, without the time that a slow client held it up. */
  readonly ageMs: number;
  /** Whether a part of the response had been sent. */
  readonly hasBegun: boolean;
}

export interface LostRequest extends UnfinishedRequest {
  readonly workerPid: number;
}

export function describeLost(lost: LostRequest): string {
  return `${nameOf(lost)} was lost after ${ageOf(lost)} with its worker (pid:${lost.workerPid}): ${outcomeOf(lost, 502)}.`;
}

/** At the end of the server. */
export function describeUnfinished(request: UnfinishedRequest): string {
  return `${nameOf(request)} was not finished in time for the shutdown, after ${ageOf(request)}: ${outcomeOf(request, 503)}.`;
}

function nameOf({ method, target, requestId }: UnfinishedRequest): string {
  return `${method} ${target}${requestId === null ? '' : ` (request id ${requestId})`}`;
}

function ageOf({ ageMs }: UnfinishedRequest): string {
  return `${(Math.max(0, ageMs) / 1000).toFixed(1)} s`;
}

function outcomeOf({ hasBegun }: UnfinishedRequest, status: number): string {
  return hasBegun ? 'its response is cut off' : `its client gets ${status}`;
}
