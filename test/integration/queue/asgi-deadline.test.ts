// ASGI requests that take too long, and blocked loops: late requests get 504 and are cancelled, others continue.

import assert from 'node:assert/strict';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { otherServer } from '../../harness/project.ts';
import { type LaunchOptions, scenario } from '../../harness/scenario.ts';

const only = { skip: otherServer && 'only for Tunicorn' } as const;

function app(...args: readonly string[]): LaunchOptions {
  return { app: 'asgi_app:app', args: ['-k', 'asgi', ...args] };
}

scenario(
  'a request that hangs gets 504, is logged with its own stack, and is cancelled once; its worker survives',
  async (scene) => {
    const server = await scene.tunicorn(app('--timeout', '1', '--access-logfile', '-'));
    const [pid] = await server.workers(1);
    const others = await scene.connect(server);
    await others.send(requestBytes('/events'));
    assert.equal((await others.head()).status, 200);
    const response = await request(server.target, '/hang?secret');
    assert.deepEqual([response.status, response.end], [504, 'complete']);
    const from = server.log.positions(/GET \/events/)[0] ?? 0;
    await server.waitForLog(new RegExp(`REQUEST TIMEOUT \\(pid:${pid}\\) GET /hang.* after 1\\.\\d s`), from);
    await server.waitForLog(/in fall_asleep/, from);
    await server.waitForLog(/hang: cancelled/, from);
    await server.waitForLog(/hang: cleaned up/, from);
    assert.doesNotMatch(server.log.text(from), /in events|asgi_worker\.py/);
    assert.equal(await getText(server.target), String(pid));
    // The earlier stream is older than the timeout by now, and continues.
    for (let number = 0; number < 3; number += 1) assert.match(String(await others.chunk()), /^data: \d+/);
    await eventually('each line in the log', () => server.log.count(/"GET \/hang[^"]*" 504/) === 1);
  },
  only,
);

scenario(
  'a handler that swallows its cancellation costs the worker, but not its other requests',
  async (scene) => {
    const server = await scene.tunicorn(app('--timeout', '1'));
    const [pid = 0] = await server.workers(1);
    const stream = await scene.connect(server);
    await stream.send(requestBytes('/events'));
    assert.equal((await stream.head()).status, 200);
    assert.equal((await request(server.target, '/stubborn')).status, 504);
    await server.waitForLog(/stubborn: goes on/);
    await eventually('another worker to answer', async () => (await getText(server.target)) !== String(pid));
    assert.match(String(await stream.chunk()), /^data: /);
    stream.close();
    await eventually('the worker to end', () => !server.workerPids().includes(pid));
    assert.equal(server.log.count(/stubborn: goes on/), 1);
  },
  only,
);

scenario(
  'a blocked loop is logged with its stack, killed after the timeout, and its other requests are answered',
  async (scene) => {
    const server = await scene.tunicorn(app('--timeout', '5'));
    const [pid = 0] = await server.workers(1);
    const since = server.log.mark();
    const blocking = request(server.target, '/block?60');
    await server.waitForLog(/^blocks/, since);
    const beside = request(server.target, '/wait?0.1');
    await server.waitForLog(new RegExp(`Worker \\(pid:${pid}\\) has had a blocked event loop`), since);
    await server.waitForLog(/in block_the_loop/, since);
    const [{ status }, { status: other }] = await Promise.all([blocking, beside]);
    assert.ok(status === 504 || status === 502, String(status));
    // If it was taken before the loop blocked, it gets an error; if not, the next worker answers it.
    assert.ok(other === 200 || other === 504 || other === 502, String(other));
    await eventually('another worker', async () => (await getText(server.target)) !== String(pid));
    await server.waitForLog(new RegExp(`WORKER TIMEOUT \\(pid:${pid}\\) its event loop has been blocked`), since);
    await server.waitForLog(/is gone/, since);
    const [from = 0] = server.log.positions(/is gone/, since);
    // Lines already in the log are not repeated.
    const stacks = server.log.text(from).match(/^(?:Current t|T)hread 0x/gm)?.length ?? 0;
    assert.ok(stacks <= 1, server.log.text(from));
    assert.equal(server.log.count(/It left no stack/), 0);
  },
  only,
);

scenario(
  'a deadline is logged even if it ends the last request of a stopping server',
  async (scene) => {
    const server = await scene.tunicorn(app('--timeout', '1'));
    const since = server.log.mark();
    const late = request(server.target, '/wait?60');
    await server.waitForLog(/^waits/, since);
    server.signal('SIGTERM');
    assert.equal((await late).status, 504);
    const { text } = await server.ended();
    assert.match(text, /REQUEST TIMEOUT \(pid:\d+\) GET \/wait\?60 after 1\.\d s\. What it was doing:\n/);
    assert.match(text, /in sleep/);
  },
  only,
);

scenario(
  'a late request is logged with its own stack, even if SIGSTOP has stopped the forkserver',
  async (scene) => {
    const server = await scene.tunicorn(app('--timeout', '1'));
    const { forkservers } = server.family();
    for (const pid of forkservers) process.kill(pid, 'SIGSTOP');
    assert.equal((await request(server.target, '/wait?60')).status, 504);
    await server.waitForLog(/REQUEST TIMEOUT \(pid:\d+\) GET \/wait\?60 after/);
    await server.waitForLog(/in sleep/);
    for (const pid of forkservers) process.kill(pid, 'SIGCONT');
  },
  only,
);

scenario(
  'handlers that block the loop one after the other, each briefly, are not logged as a blocked loop',
  async (scene) => {
    const server = await scene.tunicorn(app('--timeout', '30'));
    const all = await Promise.all(Array.from({ length: 6 }, () => request(server.target, '/block?0.7')));
    assert.deepEqual(new Set(all.map(({ status }) => status)), new Set([200]));
    assert.equal(server.log.count(/blocked event loop/), 0);
  },
  only,
);

scenario(
  'an upload that takes longer than timeout is not late, because the client is slow, not the application',
  async (scene) => {
    const server = await scene.tunicorn(app('--timeout', '1'));
    const client = await scene.connect(server);
    await client.send('POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n');
    for (let second = 0; second < 8; second += 1) {
      await client.send('x');
      // This tests time: together more than twice the timeout.
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    assert.deepEqual((await client.response()).body.toString(), '8 bytes');
    assert.equal(server.log.count(/TIMEOUT/), 0);
  },
  only,
);

scenario(
  'a long poll whose client leaves is cancelled after the grace period, if it does not end before',
  async (scene) => {
    const server = await scene.tunicorn(app('--asgi-disconnect-grace-period', '1'));
    const since = server.log.mark();
    const client = await scene.connect(server);
    await client.send(requestBytes('/hang'));
    await eventually('the request to run', async () => (await getText(server.target)) !== '');
    // A reset means for certain that nothing is listening.
    client.socket.resetAndDestroy();
    await server.waitForLog(/hang: cancelled/, since);
    await server.waitForLog(/hang: cleaned up/, since);
    assert.doesNotMatch(server.log.text(since), /Error|Traceback/);
  },
  only,
);

scenario(
  'streams continue through a reload until graceful_timeout, and new requests get the new workers',
  async (scene) => {
    const server = await scene.tunicorn(app('--graceful-timeout', '3'));
    const before = await getText(server.target);
    const stream = await scene.connect(server);
    await stream.send(requestBytes('/events'));
    assert.equal((await stream.head()).status, 200);
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 2 is serving/);
    assert.notEqual(await getText(server.target), before);
    for (let number = 0; number < 5; number += 1) assert.match(String(await stream.chunk()), /^data: \d+/);
    while ((await stream.chunk().catch(() => undefined)) !== undefined);
    await eventually('the old worker to end', () => !server.workerPids().includes(Number(before)));
  },
  only,
);

scenario(
  'a worker with hundreds of polls serves other requests immediately',
  async (scene) => {
    const server = await scene.tunicorn(app());
    const since = server.log.mark();
    const polls = await Promise.all(Array.from({ length: 200 }, () => scene.connect(server)));
    await Promise.all(polls.map((poll) => poll.send(requestBytes('/poll'))));
    await eventually('all of them to poll', () => server.log.count(/^polls/, since) === 200);
    for (let number = 0; number < 20; number += 1) await getText(server.target);
    for (const poll of polls) poll.close();
    await eventually('all to be logged', () => server.log.count(/poll: all of 3/, since) === 200);
  },
  only,
);
