// What a body reader is given and what it reports; the two kinds of reader and the connection share these words.

import type { Refusal } from '../refusal.ts';
import type { Trailers } from './trailers.ts';

/** Gets the body piece by piece: the bytes of `chunk` from `start` to `end`. They are the socket's: copy what is kept. */
export type BodySink = (chunk: Buffer, start: number, end: number) => void;

export type BodyProgress =
  | { readonly kind: 'more' }
  /** `end` is the offset in the chunk of the first byte behind the body. */
  | { readonly kind: 'done'; readonly end: number; readonly trailers: Trailers }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface BodyReader {
  push(chunk: Buffer, start: number): BodyProgress;
  /** The client sends no more. Null: it has disconnected in the middle of the body. */
  cut(): Refusal | null;
}

export const MORE: BodyProgress = { kind: 'more' };
