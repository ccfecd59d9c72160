// Features that Tunicorn does not have yet, with the consequences for a setting that asks for one, and alternatives. For errors,
// warnings and the pages in docs/. Pure.

export type Capability = 'TLS' | 'HTTP/2' | 'dirty workers' | 'control socket';

export interface Missing {
  /** A sentence without its full stop. */
  readonly instead: string;
  /** A page in docs/ with more about it. */
  readonly page?: string;
  /** The consequence of ignoring a setting that relies on it. */
  readonly consequence: string;
}

export const MISSING: Readonly<Record<Capability, Missing>> = {
  TLS: {
    instead: 'Let a proxy speak TLS',
    page: 'proxies.md',
    consequence: 'requests and responses would travel in clear text',
  },
  'HTTP/2': {
    instead: 'Let a proxy speak HTTP/2',
    page: 'proxies.md',
    consequence: 'every connection would speak HTTP/1.1',
  },
  'dirty workers': { instead: 'Use a task queue such as Celery or RQ', consequence: 'no task would run' },
  'control socket': { instead: 'Use signals', consequence: 'there would be no socket' },
};
