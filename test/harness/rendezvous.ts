// Synchronises a test with its applications: an application waits at a name until the test releases it, or leaves a note. The other half
// is test/apps/support/rendezvous.py.

import { createServer, type Server, type Socket } from 'node:net';
import { within } from './deadline.ts';

export class Rendezvous {
  readonly address: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #present = new Map<string, Set<Socket>>();
  readonly #notes = new Map<string, number>();
  readonly #open = new Set<string>();
  readonly #watchers = new Set<() => void>();

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.address = address;
    server.on('connection', (socket) => this.#meet(socket));
  }

  static async open(): Promise<Rendezvous> {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the rendezvous has no port');
    return new Rendezvous(server, `127.0.0.1:${address.port}`);
  }

  /** Resolves when this many are waiting at the name. */
  async arrived(name: string, count: number = 1): Promise<void> {
    await this.#until(`${count} to wait at ${name}`, () => this.waiting(name) >= count);
  }

  waiting(name: string): number {
    return this.#present.get(name)?.size ?? 0;
  }

  /** Releases all that wait at the name, and returns their number. */
  release(name: string): number {
    const sockets = this.#present.get(name) ?? new Set();
    this.#present.delete(name);
    for (const socket of sockets) socket.end('g');
    return sockets.size;
  }

  /** From now on, this name does not block. */
  open(name: string): void {
    this.#open.add(name);
    this.release(name);
  }

  notes(name: string): number {
    return this.#notes.get(name) ?? 0;
  }

  /** Resolves when this many notes of this name have been left in total. */
  async noted(name: string, count: number = 1): Promise<void> {
    await this.#until(`${count} notes of ${name}`, () => this.notes(name) >= count);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #meet(socket: Socket): void {
    this.#sockets.add(socket);
    let text = '';
    let place: string | undefined;
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const [, verb, name] = /^(wait|note) (.*)\n/.exec(text) ?? [];
      if (verb === undefined || name === undefined || place !== undefined) return;
      place = name;
      if (verb === 'note') this.#notes.set(name, this.notes(name) + 1);
      if (verb === 'note' || this.#open.has(name)) socket.end('g');
      else this.#present.set(name, (this.#present.get(name) ?? new Set()).add(socket));
      this.#changed();
    });
    socket.on('error', () => socket.destroy()); // its process was killed
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (place !== undefined) this.#present.get(place)?.delete(socket);
      this.#changed();
    });
  }

  #changed(): void {
    for (const look of this.#watchers) look();
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    let look = (): void => {};
    const promise = new Promise<void>((resolve) => {
      look = () => {
        if (holds()) resolve();
      };
      this.#watchers.add(look);
      look();
    });
    try {
      await within(what, promise);
    } finally {
      this.#watchers.delete(look);
    }
  }
}
