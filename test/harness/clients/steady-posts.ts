// POSTs at a steady rate, each on its own connection, whether the earlier ones are answered or not.

import { eventually, pause } from '../deadline.ts';
import { field, type HttpResponse, type Target } from './http-connection.ts';
import { request } from './http-request.ts';
import { echoFault, uniquePost } from './unique-posts.ts';

/** More are not outstanding at once: a machine that is too slow for the rate gets fewer requests. */
const MOST_OUTSTANDING = 100;

export interface SteadyResult {
  readonly answered: ReadonlyMap<string, HttpResponse>;
  /** Everything but a complete 200 with the request's own body, by id. */
  readonly failed: ReadonlyMap<string, string>;
}

export class SteadyPosts {
  readonly #target: Target;
  readonly #answered = new Map<string, HttpResponse>();
  readonly #failed = new Map<string, string>();
  readonly #outstanding = new Set<Promise<void>>();
  readonly #sending: Promise<void>;
  #stopping = false;

  constructor(target: Target, perSecond: number) {
    this.#target = target;
    this.#sending = this.#send(1000 / perSecond);
  }

  async answeredMore(count: number): Promise<void> {
    const wanted = this.#answered.size + count;
    await eventually(`${count} more answers`, () => this.#answered.size >= wanted);
  }

  /** The values of a field in the answers so far, or in those since `since` answers. */
  seen(name: string, since: number = 0): ReadonlySet<string> {
    return new Set([...this.#answered.values()].slice(since).map((response) => field(response, name) ?? ''));
  }

  soFar(): SteadyResult {
    return { answered: this.#answered, failed: this.#failed };
  }

  async stop(): Promise<SteadyResult> {
    this.#stopping = true;
    await this.#sending;
    await Promise.all(this.#outstanding);
    return this.soFar();
  }

  async #send(intervalMs: number): Promise<void> {
    let dueMs = performance.now();
    for (let count = 0; !this.#stopping; count += 1) {
      const one = this.#post(`post-${count}`);
      this.#outstanding.add(one);
      void one.finally(() => this.#outstanding.delete(one));
      if (this.#outstanding.size >= MOST_OUTSTANDING) await Promise.race(this.#outstanding);
      dueMs = Math.max(dueMs + intervalMs, performance.now() - 1000);
      await pause(Math.max(dueMs - performance.now(), 0));
    }
  }

  async #post(id: string): Promise<void> {
    const { path, ...options } = uniquePost(id);
    try {
      const response = await request(this.#target, path, options);
      const fault =
        response.status === 200 && response.end === 'complete'
          ? echoFault(response, id)
          : `${response.status} ${response.end}`;
      if (fault === undefined) this.#answered.set(id, response);
      else this.#failed.set(id, fault);
    } catch (error) {
      this.#failed.set(id, error instanceof Error ? error.message : String(error));
    }
  }
}
