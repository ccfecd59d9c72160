// The cases of test/conformance/requests against a running server: each whole, followed by a request that shows where the server sees the
// end of the message; short ones also in two pieces, cut at every byte.

import assert from 'node:assert/strict';
import { eventually } from '../harness/deadline.ts';
import { otherServer } from '../harness/project.ts';
import { scenario } from '../harness/scenario.ts';
import type { Server } from '../harness/server.ts';
import { bySettings, type RequestCase, readCases } from './case-file.ts';
import { type Played, play, playAll, playAndStop, playLast, type Seen, startFor } from './wire-player.ts';

const CUT_UP_TO_BYTES = 110;
const REFUSED = /Invalid request from ip=127\.0\.0\.1: .*\(([a-z0-9-]+)\)$/;

for (const [settings, cases] of bySettings(readCases())) {
  scenario(
    `${cases.length} cases with ${settings === '{}' ? 'the default settings' : settings}`,
    async (scene) => {
      const server = await startFor(scene, JSON.parse(settings) as object);
      const complete = cases.filter(({ ending }) => ending.kind !== 'waits');
      await playAll(complete, async (one) => await check(one, server, [one.bytes]));
      await checkLog(server, complete);
      await playAll(
        cases.filter(({ ending }) => ending.kind === 'waits'),
        async (one) => await check(one, server, [one.bytes]),
      );
    },
    { skip: otherServer && 'only for Tunicorn' },
  );
}

scenario(
  `cases of up to ${CUT_UP_TO_BYTES} bytes have the same outcome in two pieces, cut at every byte`,
  async (scene) => {
    const short = readCases().filter(({ settings, bytes }) => isDefault(settings) && bytes.length <= CUT_UP_TO_BYTES);
    assert.ok(short.length >= 100);
    const server = await startFor(scene, {});
    await playAll(inTwoPieces(short), async ({ one, pieces }) => await check(one, server, pieces));
  },
  { skip: otherServer && 'only for Tunicorn' },
);

function* inTwoPieces(
  cases: readonly RequestCase[],
): Generator<{ readonly name: string; readonly one: RequestCase; readonly pieces: readonly Buffer[] }> {
  for (const one of cases) {
    for (let offset = 1; offset < one.bytes.length; offset += 1) {
      const pieces = [one.bytes.subarray(0, offset), one.bytes.subarray(offset)];
      yield { name: `${one.name} cut at ${offset}`, one, pieces };
    }
  }
}

function isDefault(settings: object): boolean {
  return Object.keys(settings).length === 0;
}

const PLAYERS: Readonly<Record<RequestCase['ending']['kind'], typeof play>> = {
  keeps: play,
  closes: playLast,
  refuses: play,
  waits: playAndStop,
};

async function check(one: RequestCase, server: Server, pieces: readonly Buffer[]): Promise<void> {
  const methods = one.sees.map((sight) => sight.method);
  const played = await PLAYERS[one.ending.kind](server.target, pieces, methods);
  for (const [index, sight] of one.sees.entries()) {
    const seen: Seen | undefined = played.seen[index];
    assert.ok(seen !== undefined);
    const { environ } = seen;
    assert.deepEqual([environ.REQUEST_METHOD, environ.RAW_URI, seen.body], [sight.method, sight.target, sight.body]);
    for (const [name, value] of sight.environ) assert.equal(environ[name], value, name);
    for (const name of sight.absent) assert.equal(environ[name], undefined, name);
  }
  checkEnd(one, played);
}

function checkEnd({ ending }: RequestCase, { end }: Played): void {
  switch (ending.kind) {
    case 'keeps':
      assert.equal(end.kind, 'kept');
      break;
    case 'closes':
      assert.equal(end.kind, 'closed');
      break;
    case 'waits':
      // RFC 9112 section 8: if a client stops in the middle of a message, a server may answer with an error or just close.
      assert.ok(end.kind === 'closed' || (end.kind === 'refused' && end.status === 400), JSON.stringify(end));
      break;
    case 'refuses':
      assert.ok(end.kind === 'refused', JSON.stringify(end));
      assert.equal(end.status, ending.status);
      assert.equal(end.connection, 'close');
      assert.match(end.page, /^<html>\n.*<\/html>\n$/s);
      break;
  }
}

/** Each refusal is one line that names the client and the rule. */
async function checkLog(server: Server, cases: readonly RequestCase[]): Promise<void> {
  const expected = cases.flatMap(({ ending }) => (ending.kind === 'refuses' ? [ending.rule] : [])).sort();
  const logged = await eventually('a line in the log for every refusal', () => {
    const lines = server.log.lines.filter((line) => line.includes('Invalid request from'));
    return lines.length >= expected.length && lines;
  });
  assert.deepEqual(logged.map((line) => REFUSED.exec(line)?.[1] ?? line).sort(), expected);
}
