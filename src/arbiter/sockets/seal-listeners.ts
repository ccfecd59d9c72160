// Seals TCP listening sockets before they are closed: no new connection may enter their backlogs, because the kernel would reset it.
// A short-lived Python process attaches the filter (python/tunicorn/helpers/seal_listeners.py).

import { spawn } from 'node:child_process';
import path from 'node:path';
import { PYTHON_DIR } from '../../python-dir.ts';
import type { ListeningHandle } from './listening-handle.ts';

/** Covers the start of a Python process on a busy machine. After that the sockets are closed unsealed. */
const LIMIT_MS = 3000;

/** Resolves to null when all are sealed, or else to the reason. */
export function sealListeners(python: string, handles: readonly ListeningHandle[]): Promise<string | null> {
  if (handles.length === 0) return Promise.resolve(null);
  const script = path.join(PYTHON_DIR, 'tunicorn', 'helpers', 'seal_listeners.py');
  const child = spawn(python, ['-I', '-S', script, String(handles.length)], {
    stdio: ['ignore', 'pipe', 'ignore', ...handles.map(({ fd }) => fd)],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      const how = signal === null ? `seal_listeners.py exited with code ${code}` : `seal_listeners.py took too long`;
      resolve(code === 0 ? null : said.trim() || how);
    });
  });
}
