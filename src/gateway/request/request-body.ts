// The body of a request, as its reader hands it on.

import type { StreamedBody } from './streamed-body.ts';

/** In memory, in a file, or still to come. */
export interface RequestBody {
  readonly bytes: Buffer | null;
  readonly spoolPath: string | null;
  readonly stream: StreamedBody | null;
  /** How much of it has come. */
  readonly size: number;
}

export const NO_BODY: RequestBody = { bytes: null, spoolPath: null, stream: null, size: 0 };
