// The body of a request, as its reader passes it on.

import type { StreamedBody } from './streamed-body.ts';

/** In memory, in a file, or still arriving. */
export interface RequestBody {
  readonly bytes: Buffer | null;
  readonly spoolPath: string | null;
  readonly stream: StreamedBody | null;
  /** The number of bytes that have arrived. */
  readonly size: number;
}

export const NO_BODY: RequestBody = { bytes: null, spoolPath: null, stream: null, size: 0 };
