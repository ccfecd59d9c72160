// Reloads and recycled workers under load for every class that runs several requests concurrently, with open WebSockets and event streams.

import assert from 'node:assert/strict';
import { field } from '../../harness/clients/http-connection.ts';
import { KeptEventStreams, KeptWebSockets } from '../../harness/clients/kept-streams.ts';
import { Load } from '../../harness/clients/load.ts';
import { hashFault, uniquePost } from '../../harness/clients/unique-posts.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { forEachClass, runsOf } from '../../harness/subjects/worker-classes.ts';

const reloads = 10;
const workers = 2;
const gracefulMs = 4000;

forEachClass(
  'ten reloads and workers recycled after a few dozen requests lose no request and no event, and close every WebSocket properly',
  {
    workers,
    each: 32,
    args: ['--max-requests', '40', '--max-requests-jitter', '20', '--graceful-timeout', String(gracefulMs / 1000)],
    env: { IMPORT_SECONDS: '0.5' },
  },
  async (running) => {
    const { kind, server } = running;
    const pids = new Set<string>();
    const webSockets = new KeptWebSockets(server.target, kind.dialect === 'asgi' ? 20 : 0);
    const streams = new KeptEventStreams(server.target, 10);
    const load = new Load(server.target, {
      keepAliveClients: 8,
      freshClients: 4,
      pauseMs: 5,
      request: uniquePost,
      check: (response, id) => {
        pids.add(field(response, 'X-Pid') ?? '');
        return hashFault(response, id);
      },
    });
    await load.answeredMore(100);
    for (let done = 1; done <= reloads; done += 1) {
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(done + 1));
      await load.answeredMore(100);
    }
    const result = await load.stop();
    await Promise.all([webSockets.stop(), streams.stop()]);
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
    assert.ok(pids.size > reloads * workers, `${pids.size} workers answered`);
    const runs = runsOf(running).map(({ id }) => id);
    assert.equal(new Set(runs).size, runs.length, 'no request ran twice');
    assert.equal(runs.length, result.answered, 'each request ran');

    assert.deepEqual(webSockets.complaints, []);
    const ends = new Set(webSockets.ends);
    assert.deepEqual(
      [...ends].filter((end) => end !== 1012 && end !== 'kept to the end'),
      [],
      'other ends',
    );
    if (kind.dialect === 'asgi') assert.ok(ends.has(1012) && webSockets.opened > 20, `${webSockets.opened} opened`);

    assert.deepEqual(streams.complaints, []);
    const early = streams.ends.filter(({ end, livedMs }) => end !== 'kept to the end' && livedMs < 0.85 * gracefulMs);
    assert.deepEqual(early, [], 'an event stream that was cut had its graceful_timeout');
    assert.ok(
      streams.ends.some(({ end }) => end === 'cut'),
      'some were cut',
    );
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  { limitMs: 180_000 },
);
