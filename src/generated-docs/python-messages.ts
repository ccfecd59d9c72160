// Reads the log messages of Python processes: the tables in python/tunicorn/log/catalog/, which print themselves as JSON.

import { execFileSync } from 'node:child_process';
import * as z from 'zod';
import type { Message } from '../log/message.ts';
import { PYTHON_DIR } from '../python-dir.ts';

export interface PythonArea {
  readonly title: string;
  readonly messages: readonly Message[];
}

const printed = z.array(
  z.object({
    title: z.string(),
    messages: z.array(
      z.object({
        level: z.enum(['debug', 'info', 'warning', 'error', 'critical']),
        text: z.string(),
        cause: z.string(),
        remedy: z.string(),
        is_gunicorns: z.boolean(),
      }),
    ),
  }),
);

export function readPythonMessages(python: string): readonly PythonArea[] {
  const env = { ...process.env, PYTHONPATH: PYTHON_DIR };
  const json = execFileSync(python, ['-m', 'tunicorn.log.catalog'], { env, encoding: 'utf8' });
  return printed.parse(JSON.parse(json)).map(({ title, messages }) => ({
    title,
    messages: messages.map(({ is_gunicorns, ...message }) =>
      is_gunicorns ? { ...message, isGunicorns: true } : message,
    ),
  }));
}
