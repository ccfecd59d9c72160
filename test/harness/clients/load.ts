// Clients that send request after request until they are stopped, and count the responses.

import { pause } from '../deadline.ts';
import { field, HttpConnection, type HttpResponse, type Target } from './http-connection.ts';
import { type RequestOptions, requestBytes } from './http-request.ts';

export interface LoadOptions {
  /** Clients that send all their requests on one keep-alive connection, as long as the server keeps it open. */
  readonly keepAliveClients?: number;
  /** Clients that open a connection for each request. */
  readonly freshClients?: number;
  /** Pause between a client's requests. */
  readonly pauseMs?: number;
  readonly request: (id: string) => RequestOptions & { readonly path: string };
  /** The fault of a complete 200 response; undefined if it has none. */
  readonly check: (response: HttpResponse, id: string) => string | undefined;
  /** Whether a response other than 200 means that the server is unavailable, and is therefore not a failure. */
  readonly isRefusal?: (response: HttpResponse) => boolean;
}

export interface LoadResult {
  readonly answered: number;
  /** Anything but a complete 200 or a refusal: no response, another status, a truncated response. */
  readonly failed: number;
  readonly refused: number;
  /** Complete 200 responses that do not answer the request. */
  readonly wrong: number;
  readonly complaints: readonly string[];
}

/** Without it, a server that refuses would get thousands of requests per second. */
const refusalPauseMs = 50;

export class Load {
  readonly #target: Target;
  readonly #options: LoadOptions;
  readonly #clients: Promise<void>[] = [];
  readonly #complaints: string[] = [];
  #stopping = false;
  #answered = 0;
  #failed = 0;
  #refused = 0;
  #wrong = 0;
  #waiters: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  constructor(target: Target, options: LoadOptions) {
    this.#target = target;
    this.#options = options;
    const { keepAliveClients = 0, freshClients = 0 } = options;
    for (let client = 0; client < keepAliveClients + freshClients; client += 1) {
      this.#clients.push(this.#run(client, client < keepAliveClients ? 'keep-alive' : 'fresh'));
    }
  }

  /** Resolves after this many more correct responses. */
  async answeredMore(count: number): Promise<void> {
    const wanted = this.#answered + count;
    await this.#until(() => this.#answered >= wanted);
  }

  /** Resolves after this many more refusals. */
  async refusedMore(count: number): Promise<void> {
    const wanted = this.#refused + count;
    await this.#until(() => this.#refused >= wanted);
  }

  /** The counts so far. */
  soFar(): LoadResult {
    return {
      answered: this.#answered,
      failed: this.#failed,
      refused: this.#refused,
      wrong: this.#wrong,
      complaints: this.#complaints,
    };
  }

  /** Stops after every client's current request. */
  async stop(): Promise<LoadResult> {
    this.#stopping = true;
    await Promise.all(this.#clients);
    return this.soFar();
  }

  async #until(holds: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiters.push({ holds, resolve });
    });
  }

  async #run(client: number, kind: 'keep-alive' | 'fresh'): Promise<void> {
    let connection: HttpConnection | undefined;
    for (let count = 0; !this.#stopping; count += 1) {
      const id = `${client}-${count}`;
      try {
        connection ??= await HttpConnection.open(this.#target);
        const { path, ...options } = this.#options.request(id);
        const headers = kind === 'fresh' ? { Connection: 'close', ...options.headers } : (options.headers ?? {});
        await connection.send(requestBytes(path, { ...options, headers }));
        const response = await connection.response(options.method);
        this.#judge(id, response);
        if (response.end === 'cut' || field(response, 'Connection') === 'close') {
          connection.close();
          connection = undefined;
        }
        const restMs = response.status === 200 ? (this.#options.pauseMs ?? 0) : refusalPauseMs;
        if (restMs > 0) await pause(restMs);
      } catch (error) {
        this.#failed += 1;
        this.#complain(`${id} (${kind}, request ${count}): ${error instanceof Error ? error.message : String(error)}`);
        connection?.close();
        connection = undefined;
        await pause(refusalPauseMs);
      }
    }
    connection?.close();
  }

  #judge(id: string, response: HttpResponse): void {
    if (response.end === 'complete' && this.#options.isRefusal?.(response) === true) {
      this.#refused += 1;
      this.#look();
      return;
    }
    if (response.status !== 200 || response.end === 'cut') {
      this.#failed += 1;
      this.#complain(`${id}: ${response.status} ${response.end}: ${response.body.toString('latin1').slice(0, 200)}`);
      return;
    }
    const complaint = this.#options.check(response, id);
    if (complaint !== undefined) {
      this.#wrong += 1;
      this.#complain(`${id}: ${complaint}`);
      return;
    }
    this.#answered += 1;
    this.#look();
  }

  #look(): void {
    this.#waiters = this.#waiters.filter(({ holds, resolve }) => {
      if (!holds()) return true;
      resolve();
      return false;
    });
  }

  #complain(text: string): void {
    if (this.#complaints.length < 20) this.#complaints.push(text);
  }
}
