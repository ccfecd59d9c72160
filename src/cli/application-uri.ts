// Which application to serve: the command line's, else the setting wsgi_app. Called by the command. Pure.

import type { Settings } from '../settings/settings.ts';

export type ApplicationChoice =
  | { readonly ok: true; readonly app: string }
  /** For standard error; exit 1. */
  | { readonly ok: false; readonly error: string };

export function chooseApplication(positional: string | null, settings: Pick<Settings, 'wsgi_app'>): ApplicationChoice {
  const app = positional ?? settings.wsgi_app;
  return app === null ? { ok: false, error: 'Error: No application module specified.' } : { ok: true, app };
}
