// The server's names: for clients in the field Server, for applications in SERVER_SOFTWARE. Assigning gunicorn.SERVER or
// gunicorn.SERVER_SOFTWARE, in the configuration file or an embedding program, replaces them. Pure.

import { GUNICORN_VERSION } from '../../gunicorn-version.ts';
import type { Configured } from '../../messages/between-arbiter-and-forkserver.ts';
import { pythonRepr } from '../kinds/python-repr.ts';
import { isFieldValue } from '../response-fields.ts';
import { SERVER_NAME } from './gateway-settings.ts';

export interface ServerNames {
  readonly ok: true;
  readonly server: string;
  readonly software: string;
}

/** Applications look for Gunicorn's name in SERVER_SOFTWARE to detect that a server runs them. */
const INTERFACE = `gunicorn/${GUNICORN_VERSION}`;

export function serverNames(
  { server, server_software }: Pick<Configured, 'server' | 'server_software'>,
  version: string,
): ServerNames | { readonly ok: false; readonly errors: readonly string[] } {
  if (server !== null && !isFieldValue(server)) {
    const wanted = 'wanted: text that fits into one line of Latin-1';
    return { ok: false, errors: [`Invalid value for gunicorn.SERVER: ${pythonRepr(server)} (${wanted})`] };
  }
  return {
    ok: true,
    server: server?.trim() ?? SERVER_NAME,
    software: server_software ?? `${SERVER_NAME}/${version} (${INTERFACE})`,
  };
}
