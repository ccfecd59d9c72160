// The interface of body readers: their input and their results.

import type { Refusal } from '../refusal.ts';
import type { Trailers } from './trailers.ts';

/** Receives the body piece by piece: the bytes of `chunk` from `start` to `end`. They are in the socket's buffer: copy to keep them. */
export type BodySink = (chunk: Buffer, start: number, end: number) => void;

export type BodyProgress =
  | { readonly kind: 'more' }
  /** `end` is the offset in the chunk of the first byte after the body. */
  | { readonly kind: 'done'; readonly end: number; readonly trailers: Trailers }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface BodyReader {
  push(chunk: Buffer, start: number): BodyProgress;
  /** The client stopped sending. Null: it disconnected in the middle of the body. */
  cut(): Refusal | null;
}

export const MORE: BodyProgress = { kind: 'more' };
