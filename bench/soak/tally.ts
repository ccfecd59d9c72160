// Counts the outcomes of all visits, and decides whether a disturbance of the soak itself explains a failure.

export type Outcome =
  /** A complete, correct answer. */
  | { readonly kind: 'right' }
  /** The client left before the end, as intended. */
  | { readonly kind: 'left' }
  /** A WebSocket was closed with 1012 because its worker retires. */
  | { readonly kind: 'sent away' }
  | { readonly kind: 'failed'; readonly how: FailureKind; readonly detail: string };

/** `lost`: the connection ended before an answer, or in the middle of one. */
export type FailureKind = 'bad gateway' | 'lost' | 'wrong';

export interface Visit {
  readonly client: string;
  /** When the connection was opened: for a keep-alive one, before the visit began. */
  readonly connectedMs: number;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly outcome: Outcome;
}

/** A process that the soak has killed. `canLose` is the maximum of its in-flight requests; undefined if unbounded. */
export interface Blow {
  readonly victim: 'worker' | 'gateway';
  readonly atMs: number;
  readonly canLose: number | undefined;
}

export interface Counts {
  right: number;
  left: number;
  sentAway: number;
  lostWithWorker: number;
  lostWithGateway: number;
  failed: number;
  slowestMs: number;
}

const keptFailures = 50;

export class Tally {
  readonly clients: Map<string, Counts> = new Map();
  /** The first failures that no kill explains. */
  readonly failures: string[] = [];
  readonly blows: { readonly blow: Blow; lost: number }[] = [];

  strike(blow: Blow): void {
    this.blows.push({ blow, lost: 0 });
  }

  add(visit: Visit): void {
    const counts = this.clients.get(visit.client) ?? noCounts();
    this.clients.set(visit.client, counts);
    counts.slowestMs = Math.max(counts.slowestMs, visit.endedMs - visit.beganMs);
    const { outcome } = visit;
    if (outcome.kind === 'right') counts.right += 1;
    else if (outcome.kind === 'left') counts.left += 1;
    else if (outcome.kind === 'sent away') counts.sentAway += 1;
    else this.#fail(visit, outcome.how, outcome.detail, counts);
  }

  total(): Counts {
    const total = noCounts();
    for (const counts of this.clients.values()) {
      for (const name of Object.keys(total) as (keyof Counts)[]) {
        total[name] = name === 'slowestMs' ? Math.max(total[name], counts[name]) : total[name] + counts[name];
      }
    }
    return total;
  }

  #fail(visit: Visit, how: FailureKind, detail: string, counts: Counts): void {
    const cause = this.blows.find(({ blow, lost }) => explains(blow, lost, visit, how));
    if (cause !== undefined) {
      cause.lost += 1;
      if (cause.blow.victim === 'worker') counts.lostWithWorker += 1;
      else counts.lostWithGateway += 1;
      return;
    }
    counts.failed += 1;
    if (this.failures.length < keptFailures) this.failures.push(describe(visit, how, detail));
  }
}

/** A killed worker can lose its in-flight requests, a killed gateway all its connections. Nothing explains a wrong answer. */
function explains(blow: Blow, lost: number, visit: Visit, how: FailureKind): boolean {
  if (how === 'wrong' || (blow.canLose !== undefined && lost >= blow.canLose)) return false;
  const sinceMs = blow.victim === 'worker' ? visit.beganMs : visit.connectedMs;
  return sinceMs <= blow.atMs && blow.atMs <= visit.endedMs;
}

function describe({ client, beganMs, endedMs }: Visit, how: FailureKind, detail: string): string {
  const tookMs = Math.round(endedMs - beganMs);
  return `${(beganMs / 1000).toFixed(1)} s, ${client}: ${how} after ${tookMs} ms: ${detail}`;
}

function noCounts(): Counts {
  return { right: 0, left: 0, sentAway: 0, lostWithWorker: 0, lostWithGateway: 0, failed: 0, slowestMs: 0 };
}
