// The steps of a test run: programs that run one after another, or side by side, from the project's root.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const venvPython = join(root, '.venv', 'bin', 'python');

/** In case a step does not end although it should, because a process outlives its test and holds the output open. */
const STEP_LIMIT_MS = 75 * 60_000;

/** Runs a program to its end, with this one's input and output. True if it succeeds. */
export function step(what, command, env = process.env) {
  process.stdout.write(`\n== ${what}\n`);
  const options = { cwd: root, env, stdio: 'inherit', timeout: STEP_LIMIT_MS };
  const { status, signal, error } = spawnSync(command[0], command.slice(1), options);
  return succeeded(what, status, error?.message ?? signal);
}

/** Like `step`, and returns what the program wrote to standard error, too, which is shown as it comes. */
export async function stepWithErrors(what, command) {
  process.stdout.write(`\n== ${what}\n`);
  const child = spawn(command[0], command.slice(1), { cwd: root, stdio: ['inherit', 'inherit', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    process.stderr.write(text);
    errors += text;
  });
  const [status, signal] = await once(child, 'close');
  return { succeeded: succeeded(what, status, signal), errors };
}

/** Like `step`, but in parallel with others: prints its output at the end, in one piece, without the passing tests. */
export async function besides(what, command) {
  const child = spawn(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const [status, signal] = await once(child, 'close');
  process.stdout.write(`\n== ${what}\n`);
  process.stdout.write(output.slice(Math.max(output.indexOf('ℹ tests '), 0)));
  return succeeded(what, status, signal);
}

/** The command line of a program of node_modules. */
export function npx(...command) {
  return [join(root, 'node_modules', '.bin', command[0]), ...command.slice(1)];
}

export function has(program) {
  return (process.env.PATH ?? '')
    .split(':')
    .concat('/usr/sbin', '/sbin')
    .some((directory) => existsSync(join(directory, program)));
}

export function shout(text) {
  const line = '!'.repeat(Math.min(text.length + 8, 120));
  process.stderr.write(`\n${line}\n!!! ${text}\n${line}\n`);
}

function succeeded(what, status, otherEnd) {
  if (status === 0) return true;
  shout(`${what} FAILED (${otherEnd ?? `exit code ${status}`})`);
  return false;
}
