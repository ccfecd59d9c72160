// Parses input with Node's own HTTP server: one of `node:http` in this process, fed through streams in memory.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';

export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Name, value, name, value, as received. */
  readonly fields: readonly string[];
  readonly trailers: readonly string[];
  readonly body: string;
  readonly keepAlive: boolean;
  /** `tunnel`: Node no longer treats the following bytes as HTTP; `expectation`: it would answer 417. */
  readonly state: 'whole' | 'unfinished' | 'tunnel' | 'expectation';
}

export interface NodeOutcome {
  readonly requests: readonly NodeRequest[];
  /** The code of the parser's error, such as `HPE_INVALID_METHOD`; null if it accepted all bytes. */
  readonly error: string | null;
}

interface Draft {
  readonly request: IncomingMessage;
  readonly keepAlive: boolean;
  body: string;
  state: NodeRequest['state'];
}

/** The client's side of a connection; discards the server's output. */
class Wire extends Duplex {
  readonly drafts: Draft[] = [];
  error: string | null = null;

  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

export class NodeParser {
  readonly #server: Server;

  constructor() {
    // The gateway accepts requests without Host, too: Node's default would hide all other differences in them.
    this.#server = createServer({ requireHostHeader: false, insecureHTTPParser: false, keepAliveTimeout: 0 });
    this.#server.on('request', (request, response) => note(request, response, 'unfinished'));
    this.#server.on('checkContinue', (request, response) => note(request, response, 'unfinished'));
    this.#server.on('checkExpectation', (request, response) => note(request, response, 'expectation'));
    this.#server.on('connect', (request) => note(request, null, 'tunnel'));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (socket instanceof Wire) socket.error ??= error.code ?? error.message;
    });
  }

  /** Many inputs together, because a turn of the event loop costs more than the parsing. */
  async parse(inputs: readonly Buffer[]): Promise<NodeOutcome[]> {
    const wires = inputs.map((input) => {
      const wire = new Wire();
      wire.on('error', () => {});
      this.#server.emit('connection', wire);
      wire.push(input);
      return wire;
    });
    await turn();
    for (const wire of wires) wire.push(null);
    await turn();
    const outcomes = wires.map(({ drafts, error }) => ({ requests: drafts.map(finished), error }));
    for (const wire of wires) wire.destroy();
    await turn();
    return outcomes;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function note(request: IncomingMessage, response: ServerResponse | null, state: NodeRequest['state']): void {
  const { socket } = request;
  if (!((socket as unknown) instanceof Wire)) return;
  const wire = socket as unknown as Wire;
  const draft: Draft = { request, keepAlive: response?.shouldKeepAlive ?? false, body: '', state };
  wire.drafts.push(draft);
  request.on('data', (chunk: Buffer) => {
    draft.body += chunk.toString('latin1');
  });
  request.on('end', () => {
    if (draft.state === 'unfinished') draft.state = 'whole';
  });
}

function finished({ request, keepAlive, body, state }: Draft): NodeRequest {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    version: request.httpVersion,
    fields: request.rawHeaders,
    trailers: request.rawTrailers,
    body,
    keepAlive,
    state,
  };
}
