// Both sides of the setting daemon. Node cannot fork: the command starts itself again in a session without the terminal, and waits until
// that process reports that it serves its sockets, or why it does not.

import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { isatty } from 'node:tty';
import * as z from 'zod';
import { startSelf } from '../../arbiter/process/start-self.ts';
import { FIRST_DESCRIPTOR } from '../../arbiter/sockets/inherited-sockets.ts';
import { describeEnd } from '../../arbiter/workers/exit-messages.ts';
import { EXIT_ERROR, EXIT_OK } from '../../messages/exit-status.ts';
import { parseBindAddresses } from '../../settings/kinds/bind-address.ts';
import type { Settings } from '../../settings/settings.ts';
import { DAEMON_VARIABLE, type Start } from './own-start.ts';

type Report = { readonly type: 'started' } | { readonly type: 'failed'; readonly text: string };

const report: z.ZodType<Report> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('started') }),
  z.object({ type: z.literal('failed'), text: z.string() }),
]);

const DAEMON_UMASK = 0o22;

interface DaemonOptions {
  readonly start: Start;
  /** Inherited descriptors that the setting `bind` names. */
  readonly boundDescriptors: readonly number[];
  /** Keeps standard output and standard error, unless they are a terminal. */
  readonly keepsOutput: boolean;
}

/** The setting daemon, for a command started by hand. */
export function startDaemon(start: Start, settings: Settings): Promise<number> {
  if (process.env.NOTIFY_SOCKET) {
    process.stderr.write(
      "Warning: you shouldn't specify `daemon = True` when launching by systemd with `Type = notify`\n",
    );
  }
  const binds = parseBindAddresses(settings.bind);
  const boundDescriptors = binds.ok ? binds.addresses.flatMap((bind) => (bind.kind === 'fd' ? [bind.fd] : [])) : [];
  return startInBackground({ start, boundDescriptors, keepsOutput: settings.enable_stdio_inheritance });
}

/** Resolves to the exit status of the command when the start has succeeded or failed. */
function startInBackground(options: DaemonOptions): Promise<number> {
  const { start, boundDescriptors, keepsOutput } = options;
  const inherited = start.sockets?.descriptors ?? [];
  const passed = [...inherited, ...boundDescriptors];
  const lastDescriptor = Math.max(FIRST_DESCRIPTOR - 1, ...passed) + 1;
  const kept = (fd: number): 'inherit' | 'ignore' => (keepsOutput && !isatty(fd) ? 'inherit' : 'ignore');
  const stdio: ('inherit' | 'ignore' | 'pipe' | number)[] = ['ignore', kept(1), kept(2)];
  for (let fd = FIRST_DESCRIPTOR; fd < lastDescriptor; fd += 1) stdio.push(passed.includes(fd) ? fd : 'ignore');
  const child = startSelf({
    start,
    environment: { [DAEMON_VARIABLE]: String(lastDescriptor) },
    stdio: [...stdio, 'pipe'],
    detached: true,
    listenFds: start.sockets?.source === 'LISTEN_FDS' ? inherited.length : 0,
  });
  return new Promise((resolve) => {
    let text = '';
    const pipe = child.stdio[lastDescriptor] as Readable;
    pipe.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (parseReport(text)?.type === 'started') resolve(EXIT_OK);
    });
    child.on('error', (error) => {
      process.stderr.write(`\nError: Can't go to the background: ${error.message}\n\n`);
      resolve(EXIT_ERROR);
    });
    child.on('close', (code, signal) => {
      const said = parseReport(text);
      if (said === null)
        process.stderr.write(`\nError: The server ${describeEnd(code, signal)} before it had started\n\n`);
      // A process that keeps its standard error has printed the error itself.
      else if (said.type === 'failed' && kept(2) === 'ignore') process.stderr.write(said.text);
      resolve(code === null || code === EXIT_OK ? EXIT_ERROR : code);
    });
  });
}

/** In the background process: the pipe to the waiting command. Null before the start and after the report. */
let reportDescriptor: number | null = null;

/** For a process that may have been started in the background: it must not keep the terminal's umask. */
export function settleInBackground(start: Start): void {
  if (start.reportDescriptor === null) return;
  reportDescriptor = start.reportDescriptor;
  process.umask(DAEMON_UMASK);
}

/** Reports the outcome of the start, once, to the waiting command. Does nothing in other processes. */
export function reportStart(said: Report): void {
  if (reportDescriptor === null) return;
  try {
    writeSync(reportDescriptor, `${JSON.stringify(said)}\n`);
    closeSync(reportDescriptor);
  } catch {
    // The command no longer waits.
  }
  reportDescriptor = null;
}

function parseReport(text: string): Report | null {
  const [line = '', rest] = text.split('\n');
  if (rest === undefined) return null;
  try {
    return report.parse(JSON.parse(line));
  } catch {
    return null; // Not a report of this command: only the exit of the process counts.
  }
}
