// The address of --admin-bind: asks it as a probe or a Prometheus does.

import assert from 'node:assert/strict';
import type { Snapshot } from '../../../src/telemetry/snapshot/snapshot.ts';
import type { Target } from '../clients/http-connection.ts';
import { request } from '../clients/http-request.ts';
import { eventually } from '../deadline.ts';
import { freePort } from '../scenario.ts';

export interface AdminTarget {
  readonly target: Target;
  readonly flags: readonly string[];
}

export async function adminAddress(): Promise<AdminTarget> {
  const port = await freePort();
  return { target: { host: '127.0.0.1', port }, flags: ['--admin-bind', `127.0.0.1:${port}`] };
}

/** The status, and the text without its line end. */
export async function probe(target: Target, path: '/livez' | '/readyz'): Promise<string> {
  const { status, body } = await request(target, path);
  return `${status} ${body.toString('latin1').trimEnd()}`;
}

/** Waits for this answer, and until the address is there. */
export async function probed(target: Target, path: '/livez' | '/readyz', wanted: string): Promise<void> {
  let seen = '';
  const look = async (): Promise<boolean> => {
    seen = await probe(target, path).catch((error: unknown) => String(error));
    return seen === wanted;
  };
  await eventually(`${path} to answer "${wanted}"`, look).catch((error: unknown) => {
    throw new Error(`${String(error)}; the last answer was "${seen}"`);
  });
}

/** The samples by name with labels, as in `tunicorn_requests_total{code="2xx"}`. */
export async function scrape(target: Target): Promise<ReadonlyMap<string, number>> {
  const text = await metricsText(target, 'text/plain');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

export async function metricsText(target: Target, accept: string): Promise<string> {
  const { status, body } = await request(target, '/metrics', { headers: { Accept: accept } });
  assert.equal(status, 200);
  return body.toString('latin1');
}

export async function status(target: Target): Promise<Snapshot> {
  const { status: code, body } = await request(target, '/status');
  assert.equal(code, 200);
  return JSON.parse(body.toString('utf8')) as Snapshot;
}
