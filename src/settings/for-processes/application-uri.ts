// Chooses the application: the Paste file's, else the command line's, else the setting wsgi_app.

import type { Settings } from '../settings.ts';
import { findPasteFile } from './paste-file.ts';

export type ApplicationChoice =
  | { readonly ok: true; readonly app: string }
  /** For standard error; exit 1. */
  | { readonly ok: false; readonly error: string };

export function chooseApplication(
  positional: string | null,
  settings: Pick<Settings, 'wsgi_app' | 'paste'>,
  cwd: string,
): ApplicationChoice {
  if (settings.paste !== null) {
    const found = findPasteFile(settings.paste, cwd);
    return found.ok ? found : { ok: false, error: `Error: ${found.error}` };
  }
  const app = positional ?? settings.wsgi_app;
  return app === null ? { ok: false, error: 'Error: No application module specified.' } : { ok: true, app };
}
