// Sends datagrams to the service manager (sd_notify(3)) from the arbiter itself. python/tunicorn/helpers/notify_socket.py opens
// the socket and passes it over Node's IPC channel. libuv has no datagram handle for it: it keeps the descriptor with the
// channel, where this file finds it by its inode. Verified with Node 20, 22 and 24; a failure is a warning, no more.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { SYSTEMD_MESSAGES } from '../../log/catalog/systemd.ts';
import { type Entry, entry } from '../../log/message.ts';
import { systemErrorReason } from '../../log/system-error-reason.ts';
import { PYTHON_DIR } from '../../python-dir.ts';

const fromMaker = z.union([z.object({ inode: z.string() }), z.object({ failed: z.string() })]);

const START_LIMIT_MS = 30_000;
/** Beyond this the reader is not slow but gone. */
const UNSENT_LIMIT = 100;

type State =
  | { readonly kind: 'opening' }
  /** The descriptor lives as long as the channel. */
  | { readonly kind: 'open'; readonly descriptor: number; readonly channel: ChildProcess }
  | { readonly kind: 'failed'; readonly reason: string };

export class NotifySocket {
  readonly #address: string;
  readonly #warn: (warning: Entry) => void;
  readonly #unsent: string[] = [];
  #state: State = { kind: 'opening' };

  /** `address` is the value of NOTIFY_SOCKET. Datagrams sent before the socket is open are kept until it is. */
  constructor(python: string, address: string, warn: (warning: Entry) => void) {
    this.#address = address;
    this.#warn = warn;
    if (/^[/@]./.test(address)) this.#open(python);
    else this.#fail('only Unix sockets, which begin with / or @, are supported');
  }

  /** One datagram: assignments, one a line. */
  send(text: string): void {
    if (this.#state.kind === 'failed') return;
    if (this.#unsent.length < UNSENT_LIMIT) this.#unsent.push(text);
    this.flush();
  }

  /** Retries datagrams that a full queue did not accept. */
  flush(): void {
    while (this.#state.kind === 'open') {
      const [next] = this.#unsent;
      if (next === undefined) return;
      try {
        writeSync(this.#state.descriptor, next);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return;
        return this.#fail(systemErrorReason(error));
      }
      this.#unsent.shift();
    }
  }

  #open(python: string): void {
    const script = path.join(PYTHON_DIR, 'tunicorn', 'helpers', 'notify_socket.py');
    const child = spawn(python, ['-I', '-S', script, this.#address], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const deadline = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS).unref();
    child.on('message', (message: unknown) => this.#opened(child, message));
    child.on('error', (error) => this.#fail(systemErrorReason(error)));
    child.on('exit', () => {
      clearTimeout(deadline);
      // `exit` may come before the last message of the channel has been read.
      setTimeout(() => this.#state.kind === 'opening' && this.#fail('notify_socket.py sent no socket'), 1000).unref();
    });
    child.on('disconnect', () => this.#fail('the descriptor was lost'));
    // No more messages are expected: the channel must not keep the process alive.
    child.channel?.unref();
  }

  #opened(channel: ChildProcess, raw: unknown): void {
    const message = fromMaker.safeParse(raw);
    if (!message.success) return this.#fail(`Unexpected message from notify_socket.py: ${JSON.stringify(raw)}`);
    if ('failed' in message.data) return this.#fail(message.data.failed);
    const descriptor = descriptorOf(message.data.inode);
    if (descriptor === null) return this.#fail('this version of Node did not keep the socket');
    this.#state = { kind: 'open', descriptor, channel };
    this.flush();
  }

  #fail(reason: string): void {
    if (this.#state.kind === 'failed') return;
    if (this.#state.kind === 'open' && this.#state.channel.connected) this.#state.channel.disconnect();
    this.#state = { kind: 'failed', reason };
    this.#warn(entry(SYSTEMD_MESSAGES.notNotified, { address: this.#address, reason }));
  }
}

function descriptorOf(inode: string): number | null {
  const found = readdirSync('/proc/self/fd').find((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === `socket:[${inode}]`;
    } catch {
      return false; // The descriptor that lists the directory is closed by now.
    }
  });
  return found === undefined ? null : Number(found);
}
