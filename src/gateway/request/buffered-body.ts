// The body of a request that is dispatched when it is complete: from the client, through its framing, into a store.

import type { RequestEnd } from '../../log/access-record.ts';
import type { BodyProgress, BodyReader } from '../http1/body/body-progress.ts';
import { toBodyReader } from '../http1/body/body-reader.ts';
import type { Framing } from '../http1/body/framing.ts';
import type { HeadRules } from '../http1/head/head-rules.ts';
import { Refusal } from '../http1/refusal.ts';
import type { BodyStore } from './body-store.ts';
import type { RequestBody } from './request-body.ts';

export interface BufferedBodyParts {
  readonly framing: Exclude<Framing, { kind: 'none' }>;
  readonly rules: HeadRules;
  /** 0: none. */
  readonly limitBytes: number;
  readonly store: BodyStore;
}

type State =
  | { readonly kind: 'open' }
  /** The rest of the body is discarded. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly end: RequestEnd };

const OPEN: State = { kind: 'open' };

export class BufferedBody {
  readonly #parts: BufferedBodyParts;
  readonly #reader: BodyReader;
  #state: State = OPEN;

  constructor(parts: BufferedBodyParts) {
    this.#parts = parts;
    this.#reader = toBodyReader(parts.framing, parts.rules, (chunk, start, end) => this.#add(chunk, start, end));
  }

  get receivedBytes(): number {
    return this.#parts.store.size;
  }

  /** Reads the client's bytes: `done` says where the body ended. */
  push(chunk: Buffer, start: number): BodyProgress | (State & { readonly kind: 'refused' }) {
    const progress = this.#reader.push(chunk, start);
    return this.#state.kind === 'refused' ? this.#state : progress;
  }

  /** The client stopped sending in the middle of the body. */
  cut(): Refusal {
    return this.#reader.cut() ?? new Refusal('IncompleteRequest', 'body');
  }

  /** The complete body. */
  take(): RequestBody {
    const { store } = this.#parts;
    const { bytes, spoolPath } = store.take();
    return { bytes, spoolPath, stream: null, size: store.size };
  }

  /** The request will not be run. */
  discard(): void {
    this.#parts.store.discard();
  }

  #add(chunk: Buffer, start: number, end: number): void {
    if (this.#state.kind === 'refused') return;
    const { store, limitBytes } = this.#parts;
    const isKept = store.add(chunk, start, end);
    if (limitBytes > 0 && store.size > limitBytes) {
      this.#refuse(new Refusal('ContentTooLarge', `over ${limitBytes} bytes`), 'refused');
    } else if (!isKept) {
      const detail = `The request's body cannot be spooled to ${store.directory}`;
      this.#refuse(new Refusal('ServiceUnavailable', detail), 'spool-failed');
    }
  }

  #refuse(refusal: Refusal, end: RequestEnd): void {
    this.#state = { kind: 'refused', refusal, end };
  }
}
