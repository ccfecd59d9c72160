// Clients that keep a WebSocket or an event stream open, open another one when it ends, and record how each ended.

import assert from 'node:assert/strict';
import { pause } from '../deadline.ts';
import type { Scene } from '../scenario.ts';
import type { Server } from '../server.ts';
import { field, HttpConnection, NoResponseError, type Target } from './http-connection.ts';
import { requestBytes } from './http-request.ts';
import { CLOSE_FRAME, closePayload, PING_FRAME, PONG_FRAME, RawWebSocket, TEXT_FRAME } from './raw-web-socket.ts';

const BETWEEN_MESSAGES_MS = 50;

/** How a WebSocket ended: with this close code, by the test, or `lost` without a close frame. */
export type WebSocketEnd = number | 'lost' | 'kept to the end';

export class KeptWebSockets {
  readonly ends: WebSocketEnd[] = [];
  /** Failures while opening a WebSocket, and changed echoes. */
  readonly complaints: string[] = [];
  echoes = 0;
  opened = 0;
  readonly #target: Target;
  readonly #clients: Promise<void>[] = [];
  #stopping = false;

  constructor(target: Target, count: number) {
    this.#target = target;
    for (let client = 0; client < count; client += 1) this.#clients.push(this.#run(client));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#clients);
  }

  async #run(client: number): Promise<void> {
    for (let round = 0; !this.#stopping; round += 1) {
      try {
        this.ends.push(await this.#keep(`${client}-${round}`));
      } catch (error) {
        this.complaints.push(`${client}-${round}: ${error instanceof Error ? error.message : String(error)}`);
        await pause(BETWEEN_MESSAGES_MS);
      }
    }
  }

  async #keep(name: string): Promise<WebSocketEnd> {
    const webSocket = await RawWebSocket.open(this.#target);
    try {
      const { status } = await webSocket.accepted();
      if (status !== 101) throw new Error(`the handshake was answered ${status}`);
      this.opened += 1;
      for (let count = 0; !this.#stopping; count += 1) {
        await webSocket.send(TEXT_FRAME, `${name} ${count}`);
        const end = await this.#echo(webSocket, `${name} ${count}`);
        if (end !== undefined) return end;
        await pause(BETWEEN_MESSAGES_MS);
      }
      return 'kept to the end';
    } catch (error) {
      // A client that sends on a connection which the server has just closed gets this error instead of the close frame.
      if (error instanceof NoResponseError || isBroken(error)) return (await webSocket.closeCode()) ?? 'lost';
      throw error;
    } finally {
      webSocket.connection.close();
    }
  }

  /** Undefined if the echo arrived; else how the WebSocket ended. */
  async #echo(webSocket: RawWebSocket, text: string): Promise<WebSocketEnd | undefined> {
    for (;;) {
      const frame = await webSocket.frame();
      if (frame.opcode === CLOSE_FRAME) {
        const code = frame.payload.length === 0 ? 1005 : frame.payload.readUInt16BE();
        await webSocket.send(CLOSE_FRAME, closePayload(code));
        return code;
      }
      if (frame.opcode === PING_FRAME) await webSocket.send(PONG_FRAME, frame.payload);
      if (frame.opcode !== TEXT_FRAME) continue;
      if (frame.payload.toString() !== text) this.complaints.push(`sent ${text}, got ${frame.payload}`);
      this.echoes += 1;
      return undefined;
    }
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET');
}

export interface StreamEnd {
  readonly end: 'complete' | 'cut' | 'kept to the end';
  /** Reads a stream from its head to its end. */
  readonly livedMs: number;
}

export class KeptEventStreams {
  readonly ends: StreamEnd[] = [];
  readonly complaints: string[] = [];
  events = 0;
  readonly #target: Target;
  readonly #clients: Promise<void>[] = [];
  #stopping = false;

  constructor(target: Target, count: number) {
    this.#target = target;
    for (let client = 0; client < count; client += 1) this.#clients.push(this.#run());
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#clients);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        this.ends.push(await this.#keep());
      } catch (error) {
        this.complaints.push(error instanceof Error ? error.message : String(error));
        await pause(BETWEEN_MESSAGES_MS);
      }
    }
  }

  async #keep(): Promise<StreamEnd> {
    const connection = await HttpConnection.open(this.#target);
    try {
      await connection.send(requestBytes('/events'));
      const head = await connection.head();
      const openedMs = performance.now();
      if (head.status !== 200 || field(head, 'Content-Type') !== 'text/event-stream')
        throw new Error(`an event stream was answered ${head.status}`);
      const end = await this.#read(connection);
      return { end, livedMs: performance.now() - openedMs };
    } finally {
      connection.close();
    }
  }

  async #read(connection: HttpConnection): Promise<StreamEnd['end']> {
    for (let number = 0; !this.#stopping; number += 1) {
      let chunk: Buffer | undefined;
      try {
        chunk = await connection.chunk();
      } catch (error) {
        if (error instanceof NoResponseError) return 'cut';
        throw error;
      }
      if (chunk === undefined) return 'complete';
      if (chunk.toString() !== `data: ${number}\n\n`) this.complaints.push(`event ${number} was ${chunk}`);
      this.events += 1;
    }
    return 'kept to the end';
  }
}

export interface OpenWebSocket {
  readonly webSocket: RawWebSocket;
  /** The pid of its worker. */
  readonly pid: number;
}

export async function openWebSockets(
  { scene, server }: { readonly scene: Scene; readonly server: Server },
  count: number,
): Promise<OpenWebSocket[]> {
  const all: OpenWebSocket[] = [];
  for (let number = 0; number < count; number += 1) {
    const webSocket = await RawWebSocket.open(server.target);
    scene.defer(() => webSocket.connection.close());
    const head = await webSocket.accepted();
    assert.equal(head.status, 101);
    all.push({ webSocket, pid: Number(field(head, 'X-Pid')) });
  }
  return all;
}

export async function echoes(webSocket: RawWebSocket): Promise<void> {
  await webSocket.send(TEXT_FRAME, 'still there?');
  assert.equal((await webSocket.frame()).payload.toString(), 'still there?');
}
