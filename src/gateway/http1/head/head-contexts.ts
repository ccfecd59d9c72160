// The contexts of new connections, for one set of settings. Clients that open a connection for each request often send the head of the one
// before: health checks, and some proxies. So a connection begins with what the newest one before it remembers. Heads are values; those of
// other peers, whose fields may be trusted differently, are kept apart.

import type { HeadRules } from './head-rules.ts';
import { type HeadContext, newHeadContext } from './request-head.ts';

export class HeadContexts {
  readonly #rules: HeadRules;
  readonly #newest: Map<string, HeadContext> = new Map();

  constructor(rules: HeadRules) {
    this.#rules = rules;
  }

  next(peerTrusted: boolean, scheme: 'http' | 'https'): HeadContext {
    const kind = peerTrusted ? scheme : `${scheme}, not trusted`;
    const newest = this.#newest.get(kind);
    const context = newest === undefined ? newHeadContext(this.#rules, peerTrusted, scheme) : { ...newest };
    this.#newest.set(kind, context);
    return context;
  }
}
