// Every case of test/corpus/http against a running server: the application sees the request, or the server refuses it and closes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { percentDecode } from '../../src/gateway/http1/head/percent-decode.ts';
import type { FileValues } from '../harness/gateway-settings.ts';
import { root } from '../harness/project.ts';
import { scenario } from '../harness/scenario.ts';
import { bySettings } from './case-file.ts';
import { playAll, playAndStop, type Seen, startFor } from './wire-player.ts';

interface CorpusRequest {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly query: string;
  readonly version: readonly [number, number];
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

interface CorpusCase {
  readonly name: string;
  readonly raw: string;
  readonly settings: FileValues & { readonly proxy_protocol?: string };
  readonly requests?: readonly CorpusRequest[];
  readonly error?: string;
}

const CASES = 94;
// These are only truncated: if the client waits instead of leaving, the server has to wait, too.
const BREAKS_OFF = ['invalid/001', 'invalid/rfc9112_chunked_missing_final_crlf_01'];

const cases = JSON.parse(readFileSync(join(root, 'test/corpus/http/requests.json'), 'utf8')) as CorpusCase[];

test('the corpus is complete', () => {
  assert.equal(cases.length, CASES);
  assert.equal(cases.filter(({ name }) => BREAKS_OFF.includes(name)).length, BREAKS_OFF.length);
});

for (const [settings, group] of bySettings(cases)) {
  scenario(`${group.length} cases of the corpus with ${settings}`, async (scene) => {
    const server = await startFor(scene, JSON.parse(settings) as object);
    await playAll(group, async (one) => {
      const methods = (one.requests ?? []).map(({ method }) => method);
      const { seen, end } = await playAndStop(server.target, [Buffer.from(one.raw, 'base64')], methods);
      if (one.error === undefined) {
        assert.deepEqual(seen.map(received), (one.requests ?? []).map(wanted));
        assert.equal(end.kind, 'closed');
      } else if (BREAKS_OFF.includes(one.name)) {
        assert.ok(end.kind === 'closed' || end.kind === 'refused', JSON.stringify(end));
      } else {
        assert.ok(end.kind === 'refused' && end.status >= 400, JSON.stringify(end));
        assert.equal(end.connection, 'close');
      }
    });
  });
}

/** The request that the application saw, in the form of `wanted`. */
function received({ environ, body }: Seen): unknown {
  const fields = Object.entries(environ).filter(([name]) => /^(?:HTTP_|CONTENT_(?:TYPE|LENGTH)$)/.test(name));
  return {
    method: environ.REQUEST_METHOD,
    target: environ.RAW_URI,
    path: environ.PATH_INFO,
    query: environ.QUERY_STRING,
    protocol: environ.SERVER_PROTOCOL,
    fields: Object.fromEntries(fields.sort(byName)),
    body,
  };
}

/** The header fields as in the environ: upper case, underscores, one value per name. */
function wanted(request: CorpusRequest): unknown {
  const fields = new Map<string, string>();
  for (const [name, value] of request.headers) {
    const plain = name.replaceAll('-', '_');
    const key = name === 'CONTENT-TYPE' || name === 'CONTENT-LENGTH' ? plain : `HTTP_${plain}`;
    const before = fields.get(key);
    const separator = name === 'COOKIE' ? '; ' : ',';
    fields.set(key, before === undefined ? value : before + separator + value);
  }
  return {
    method: request.method,
    target: request.target,
    path: percentDecode(request.path),
    query: request.query,
    protocol: `HTTP/${request.version.join('.')}`,
    fields: Object.fromEntries([...fields].sort(byName)),
    body: Buffer.from(request.body, 'base64').toString('latin1'),
  };
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
