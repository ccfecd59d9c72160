// The listening sockets of a gateway, and the connections accepted from them.

import net, { type Server, type Socket } from 'node:net';
import { GATEWAY_MESSAGES } from '../../log/catalog/gateway.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import type { ListenerAddress } from '../../messages/between-arbiter-and-gateway.ts';
import { makeClientSockets } from './client-socket.ts';

const QUIET_TURNS = 3;
/** The client's next packet completes a handshake that has begun: one round trip. */
const HANDSHAKE_MS = 100;
/** A client that never stops connecting cannot keep a listener open for longer. */
const BACKLOG_LIMIT_MS = 1000;

export class Accepting {
  readonly #log: ErrorLog;
  readonly #connected: (socket: Socket, listener: ListenerAddress) => void;
  readonly #servers: Map<number, Server> = new Map();
  readonly #closing: Set<number> = new Set();
  #accepted = 0;

  constructor(log: ErrorLog, connected: (socket: Socket, listener: ListenerAddress) => void) {
    this.#log = log;
    this.#connected = connected;
  }

  /** Number of open listeners. */
  get size(): number {
    return this.#servers.size;
  }

  listen(listener: ListenerAddress, handle: object, backlog: number): void {
    if (this.#servers.has(listener.id)) return;
    // TCP_NODELAY is inherited from the listening socket (bind_listeners.py), which saves a system call for each connection.
    const connected = (socket: Socket): void => {
      this.#accepted += 1;
      this.#connected(socket, listener);
    };
    const server = net.createServer({ allowHalfOpen: true }, connected);
    server.on('error', (error) => {
      // EMFILE and the like: the connection stays in the backlog, and is accepted when descriptors are free again.
      this.#log.say(GATEWAY_MESSAGES.acceptFailed, { listener: listener.label, reason: error.message });
    });
    server.listen(handle, backlog);
    makeClientSockets(server, connected);
    this.#servers.set(listener.id, server);
  }

  closeAll(): void {
    for (const id of this.#servers.keys()) this.close(id);
  }

  /**
   * The kernel resets connections in the backlog of a closed socket; so those that are there, or about to be, are accepted first. Node
   * accepts one connection of a listener in a turn of the event loop: a few turns without one mean that the backlog is empty.
   */
  close(id: number): void {
    if (!this.#servers.has(id) || this.#closing.has(id)) return;
    this.#closing.add(id);
    const latestMs = performance.now() + BACKLOG_LIMIT_MS;
    let accepted = this.#accepted;
    let quietTurns = 0;
    const turn = (): void => {
      quietTurns = this.#accepted === accepted ? quietTurns + 1 : 0;
      accepted = this.#accepted;
      if (quietTurns < QUIET_TURNS && performance.now() < latestMs) {
        setImmediate(turn);
        return;
      }
      this.#servers.get(id)?.close();
      this.#servers.delete(id);
      this.#closing.delete(id);
    };
    setTimeout(turn, HANDSHAKE_MS);
  }
}
