// Sends messages to a Unix socket through a small Python process (python/tunicorn/helpers/datagram_relay.py), because Node cannot open
// Unix datagram sockets. The first message starts the process; it ends with its standard input.

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { PYTHON_DIR } from '../../python-dir.ts';
import { KEPT_BYTES, type Outlet, RETRY_MS } from './outlet.ts';

const RELAY = path.join(PYTHON_DIR, 'tunicorn', 'helpers', 'datagram_relay.py');

export type RelayManner = 'datagrams' | 'stream' | 'any';

export class RelayOutlet implements Outlet {
  readonly #python: string;
  readonly #path: string;
  readonly #manner: RelayManner;
  #child: { readonly process: ChildProcess; readonly input: Writable } | null = null;
  #notBeforeMs = 0;
  #isClosed = false;
  #dropped = 0;

  constructor(python: string, socketPath: string, manner: RelayManner) {
    this.#python = python;
    this.#path = socketPath;
    this.#manner = manner;
  }

  get dropped(): number {
    return this.#dropped;
  }

  send(message: string): void {
    const input = this.#isClosed ? undefined : (this.#child ?? this.#start())?.input;
    if (input === undefined || input.writableLength > KEPT_BYTES) {
      this.#dropped += 1;
      return;
    }
    const bytes = Buffer.from(message);
    const record = Buffer.allocUnsafe(4 + bytes.length);
    record.writeUInt32BE(bytes.length);
    bytes.copy(record, 4);
    input.write(record);
  }

  close(): void {
    this.#isClosed = true;
    this.#child?.input.end();
  }

  #start(): { readonly process: ChildProcess; readonly input: Writable } | null {
    if (performance.now() < this.#notBeforeMs) return null;
    // Isolated and without the environment's packages, so that no code of the application runs here. In its own session, because
    // signals to the process group are meant for the arbiter, and the relay must not end before its input does.
    const process = spawn(this.#python, ['-I', '-S', RELAY, this.#path, this.#manner], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    const gone = (): void => {
      if (this.#child?.process !== process) return;
      this.#child = null;
      this.#notBeforeMs = performance.now() + RETRY_MS;
    };
    process.on('error', gone);
    process.on('exit', gone);
    process.unref();
    const { stdin, stdout } = process;
    // The relay reports how many messages it failed to deliver since its last report.
    stdout.setEncoding('latin1').on('data', (text: string) => {
      for (const line of text.split('\n')) this.#dropped += Number(line) || 0;
    });
    // Writing to a relay that has just died fails; its exit is handled above.
    stdin.on('error', () => {});
    for (const pipe of [stdin, stdout]) if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
    this.#child = { process, input: stdin };
    return this.#child;
  }
}
