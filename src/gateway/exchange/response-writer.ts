// How an exchange writes its response, whatever the version of HTTP. The methods return how many bytes of the response's body were
// sent, without framing: none where the response has no content.

import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { Request } from './request.ts';

export interface ResponseWriter {
  /** Early hints: an interim response, before the head. */
  hint(request: Request, lines: string): void;
  /** The head and the first bytes of the body; all of it if the flags of the head say END. */
  respond(request: Request, head: ResponseHead, body: Buffer): number;
  /** Another piece of the body. */
  body(piece: Buffer): number;
  /** The end of a response with trailers. */
  trailers(lines: string): void;
  /** The end of a response without trailers. A response that is cut off gets neither. */
  end(): void;
  /** A complete response of the gateway's own, in the application's place. */
  answer(request: Request, refusal: Refusal): number;
}
