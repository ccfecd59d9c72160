// A client's socket, which reads into one buffer that all clients share. For an ordinary socket Node allocates 64 KiB at every read, and
// passes what was read through a stream: a third of what a read costs.

import { type OnReadOpts, type Server, Socket, type SocketConstructorOpts } from 'node:net';

/** What libuv reads at once. */
const READ_BYTES = 64 * 1024;
const SHARED = Buffer.alloc(READ_BYTES);

/** The listening socket inside a server. Node has no public name for it. */
interface ListeningHandle {
  onconnection(error: number, client: object | undefined): void;
}

/** Gets bytes that the next read of any socket overwrites. */
type Taker = (bytes: Buffer) => void;

export class ClientSocket extends Socket {
  /** Null: what is read is the stream's data, as for any socket. */
  taker: Taker | null = null;

  constructor(handle: object) {
    const onread: OnReadOpts = { buffer: SHARED, callback: (bytes) => this.#haveRead(bytes) };
    // The declarations know neither `handle` nor that the constructor takes `onread` like `connect` does.
    const options: SocketConstructorOpts & { readonly handle: object; readonly onread: OnReadOpts } = {
      handle,
      allowHalfOpen: true,
      onread,
    };
    super(options);
  }

  /** Returns whether more may be read. */
  #haveRead(length: number): boolean {
    const bytes = SHARED.subarray(0, length);
    if (this.taker === null) return this.push(Buffer.from(bytes));
    this.taker(bytes);
    return true;
  }
}

/** Makes client sockets of the connections of a server that listens; if this Node cannot, the server makes ordinary ones. */
export function makeClientSockets(server: Server, connected: (socket: ClientSocket) => void): void {
  const { _handle: handle } = server as { _handle?: Partial<ListeningHandle> | null };
  const byServer = handle?.onconnection;
  if (!handle || byServer === undefined) return;
  handle.onconnection = (error, client) => {
    if (client === undefined) byServer.call(handle, error, client);
    else connected(new ClientSocket(client));
  };
}
