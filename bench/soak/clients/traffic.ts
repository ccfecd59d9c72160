// Keeps clients of every kind visiting one server until it is stopped, and enters the outcome of each visit into a tally.

import { NoResponseError, type Target } from '../../../test/harness/clients/http-connection.ts';
import { pause, within } from '../../../test/harness/deadline.ts';
import { type FailureKind, type Outcome, Tally } from '../tally.ts';

/** One visit of a client; throws its failure. It keeps `connectedMs` correct if its connection is older than the visit. */
export type Visitor = (target: Target, visit: VisitInProgress) => Promise<'right' | 'left' | 'sent away'>;

export interface VisitInProgress {
  connectedMs: number;
  /** Different at each visit, the same in each run. */
  readonly number: number;
}

export interface ClientKind {
  readonly name: string;
  readonly count: number;
  /** The pause between two visits. */
  readonly pauseMs: number;
  /** Creates the visit of one client, which may keep its connection from one visit to the next. */
  readonly open: () => { readonly visit: Visitor; readonly close?: () => void };
}

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly how: FailureKind;

  constructor(how: FailureKind, detail: string) {
    super(detail);
    this.how = how;
  }
}

/** Without it, clients that fail would return thousands of times per second. */
const pauseAfterFailureMs = 200;
const pauseSliceMs = 250;
/** Far longer than any visit, even on a busy machine. */
const visitWithinMs = 300_000;

export class Traffic {
  readonly tally: Tally = new Tally();
  readonly #target: Target;
  readonly #beganMs: number;
  readonly #clients: readonly Promise<void>[];
  #state: 'running' | 'stopping' = 'running';

  /** Times in the tally count from `beganMs`. */
  constructor(target: Target, kinds: readonly ClientKind[], beganMs: number) {
    this.#target = target;
    this.#beganMs = beganMs;
    this.#clients = kinds.flatMap((kind) => Array.from({ length: kind.count }, (_, index) => this.#run(kind, index)));
  }

  /** Lets every client finish its visit. */
  async stop(): Promise<void> {
    this.#state = 'stopping';
    await Promise.all(this.#clients);
  }

  async #run(kind: ClientKind, index: number): Promise<void> {
    const client = kind.open();
    for (let count = 0; this.#state === 'running'; count += 1) {
      const beganMs = performance.now();
      const visit: VisitInProgress = { connectedMs: beganMs, number: count * kind.count + index };
      const outcome = await this.#visit(client.visit, visit);
      const endedMs = performance.now();
      this.tally.add({
        client: kind.name,
        connectedMs: visit.connectedMs - this.#beganMs,
        beganMs: beganMs - this.#beganMs,
        endedMs: endedMs - this.#beganMs,
        outcome,
      });
      await this.#rest(outcome.kind === 'failed' ? Math.max(pauseAfterFailureMs, kind.pauseMs) : kind.pauseMs);
    }
    client.close?.();
  }

  async #visit(visitor: Visitor, visit: VisitInProgress): Promise<Outcome> {
    try {
      return { kind: await within('the end of the visit', visitor(this.#target, visit), visitWithinMs) };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { kind: 'failed', how: howOf(error), detail };
    }
  }

  /** In slices, so that a stop does not wait for rare visitors. */
  async #rest(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    for (let left = ms; left > 0 && this.#state === 'running'; left = endMs - performance.now()) {
      await pause(Math.min(left, pauseSliceMs));
    }
  }
}

function howOf(error: unknown): FailureKind {
  if (error instanceof Failure) return error.how;
  if (error instanceof NoResponseError) return 'lost';
  // The system's own errors: the connection was refused or reset.
  return error instanceof Error && 'code' in error ? 'lost' : 'wrong';
}
