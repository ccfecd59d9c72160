// What the admin address answers to a request. Pure, except for the snapshot, which the caller makes.

import { formatMetrics, metricsFormat } from '../../telemetry/metrics/exposition.ts';
import { METRICS } from '../../telemetry/metrics/metric-table.ts';
import type { Snapshot } from '../../telemetry/snapshot/snapshot.ts';
import type { Readiness } from './readiness.ts';

export interface AdminRequest {
  readonly method: string;
  /** As sent, with a query. */
  readonly target: string;
  readonly accept: string;
  /** Whether there is no token, or the request has it. */
  readonly isAllowed: boolean;
}

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface AdminFacts {
  readiness(): Readiness;
  /** Why the server does not live any more; null: it does. */
  hang(): string | null;
  snapshot(options: { readonly withProportional: boolean }): Promise<Snapshot>;
}

const TEXT = 'text/plain; charset=utf-8';
const PATHS = ['/livez', '/readyz', '/metrics', '/status'] as const;
type Path = (typeof PATHS)[number];

export async function adminAnswer(request: AdminRequest, facts: AdminFacts): Promise<AdminAnswer> {
  const [path = '', query = ''] = request.target.split('?');
  if (!isPath(path)) return answer(404, `Not found. There are ${PATHS.join(', ')}\n`);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return answer(405, 'Only GET and HEAD\n', { Allow: 'GET, HEAD' });
  }
  switch (path) {
    case '/livez': {
      const hang = facts.hang();
      return hang === null ? answer(200, 'ok\n') : answer(503, `${hang}\n`);
    }
    case '/readyz': {
      const found = facts.readiness();
      return found.ready ? answer(200, 'ok\n') : answer(503, `not ready: ${found.reason}\n`);
    }
    case '/metrics': {
      if (!request.isAllowed) return UNAUTHORIZED;
      const format = metricsFormat(request.accept);
      const text = formatMetrics(METRICS, await facts.snapshot({ withProportional: false }), format);
      return { ...answer(200, text), contentType: format.contentType };
    }
    case '/status': {
      if (!request.isAllowed) return UNAUTHORIZED;
      const withProportional = new URLSearchParams(query).has('pss');
      const snapshot = await facts.snapshot({ withProportional });
      return { ...answer(200, `${JSON.stringify(snapshot, null, 2)}\n`), contentType: 'application/json' };
    }
  }
}

function isPath(path: string): path is Path {
  return PATHS.some((each) => each === path);
}

function answer(status: number, body: string, fields: AdminAnswer['fields'] = {}): AdminAnswer {
  return { status, contentType: TEXT, body, fields };
}

const UNAUTHORIZED: AdminAnswer = answer(401, 'The token is missing or wrong: Authorization: Bearer TOKEN\n', {
  'WWW-Authenticate': 'Bearer',
});
