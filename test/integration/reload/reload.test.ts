// SIGHUP: new code and settings for the next request, no request lost, and no harm from a broken deploy.

import assert from 'node:assert/strict';
import { getText, requestBytes } from '../../harness/clients/http-request.ts';
import { Load, type LoadOptions } from '../../harness/clients/load.ts';
import { eventually } from '../../harness/deadline.ts';
import { gaveUp, generationServing, handlingSignal } from '../../harness/log-lines.ts';
import { freePort, onlyTunicorn, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const bothKinds: Omit<LoadOptions, 'check'> = { keepAliveClients: 3, freshClients: 2, request: () => ({ path: '/' }) };
const answering = (text: string, before: string = ''): string =>
  `${before}\ndef application(environ, start_response):\n    start_response("200 OK", [("Content-Length", "${text.length}")])\n    return [b"${text}"]\n`;

for (const preload of [false, true]) {
  const name = preload ? 'with --preload' : 'without --preload';
  const args = ['--workers', '2', ...(preload ? ['--preload'] : [])];

  scenario(
    `SIGHUP brings new code ${name}`,
    async (scene) => {
      const server = await scene.tunicorn({ app: 'app', args, files: { 'app.py': answering('old'), 'part.py': '' } });
      assert.equal(await getText(server.target), 'old');
      const before = await server.workers(2);
      scene.write('part.py', 'TEXT = b"newer"\n');
      scene.write('app.py', answering('', 'import part\n').replace('b""', 'part.TEXT').replace('"0"', '"5"'));
      await reload(server, 2);
      assert.equal(await getText(server.target), 'newer');
      const after = await server.workers(2);
      assert.ok(
        after.every((pid) => !before.includes(pid)),
        'all workers are new',
      );
      await eventually('the old forkserver to end', () => server.family().forkservers.length === 1);
    },
    onlyTunicorn,
  );

  for (const [what, broken] of [
    ['does not import', 'raise RuntimeError("a broken deploy")\n'],
    ['is no Python', 'def application(:  # a broken deploy\n'],
    ['leaves the process', 'import os, sys\nprint("a broken deploy", file=sys.stderr, flush=True)\nos._exit(3)\n'],
    ['has lost the application', '"""a broken deploy"""\n'],
  ] as const) {
    scenario(
      `a deploy that ${what} loses no request, and the next good one works, ${name}`,
      async (scene) => {
        const server = await scene.tunicorn({ app: 'app', args, files: { 'app.py': answering('good') } });
        const load = new Load(server.target, { ...bothKinds, check: isOneOf('good', 'best') });
        await load.answeredMore(50);
        const before = await server.workers(2);
        scene.write('app.py', broken);
        server.signal('SIGHUP');
        await server.waitForLog(gaveUp);
        await load.answeredMore(50);
        assert.equal(await getText(server.target), 'good');
        assert.deepEqual([...(await server.workers(2))].sort(), [...before].sort(), 'the old workers go on');
        assert.match(server.log.text(), /broken deploy|Failed to find attribute/);
        if (what === 'does not import') assert.match(server.log.text(), /Traceback/);
        scene.write('app.py', answering('best'));
        const since = server.log.mark();
        server.signal('SIGHUP');
        await server.waitForLog(/Generation 3 is serving/, since);
        await load.answeredMore(50);
        const result = await load.stop();
        assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
        assert.equal(await getText(server.target), 'best');
      },
      onlyTunicorn,
    );
  }
}

for (const [what, broken] of [
  ['does not parse', 'workers = = 3\n'],
  ['raises', 'raise RuntimeError("broken settings")\n'],
  ['has a wrong value', 'workers = "many"\n'],
] as const) {
  scenario(
    `SIGHUP with a settings file that ${what} keeps the old settings serving`,
    async (scene) => {
      const files = { 'app.py': answering('text'), 'gunicorn.conf.py': 'workers = 2\n' };
      const server = await scene.tunicorn({ app: 'app', files });
      const before = await server.workers(2);
      scene.write('gunicorn.conf.py', broken);
      const since = server.log.mark();
      server.signal('SIGHUP');
      await server.waitForLog(/gave up|keeps? serving|\[ERROR\]/, since);
      assert.equal(await getText(server.target), 'text');
      assert.deepEqual([...(await server.workers(2))].sort(), [...before].sort());
      scene.write('gunicorn.conf.py', 'workers = 3\n');
      server.signal('SIGHUP');
      await server.workers(3);
      assert.equal(await getText(server.target), 'text');
    },
    onlyTunicorn,
  );
}

scenario('SIGHUP brings new settings', async (scene) => {
  const config = (workers: number, stage: string): string => `workers = ${workers}\nraw_env = ["STAGE=${stage}"]\n`;
  const who =
    'import json, os\n\ndef application(environ, start_response):\n    start_response("200 OK", [])\n    return [json.dumps([os.environ.get("STAGE"), os.environ.get("GONE")]).encode()]\n';
  const files = { 'app.py': who, 'gunicorn.conf.py': `${config(1, 'one')}raw_env.append("GONE=1")\n` };
  const server = await scene.tunicorn({ app: 'app', files });
  await server.workers(1);
  assert.equal(await getText(server.target), '["one", "1"]');
  scene.write('gunicorn.conf.py', config(3, 'two'));
  server.signal('SIGHUP');
  await server.workers(3);
  await eventually('the new environment', async () => (await getText(server.target)) === '["two", null]');
});

scenario('SIGHUP removes workers that SIGTTIN added', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '1'] });
  server.signal('SIGTTIN');
  await server.workers(2);
  server.signal('SIGHUP');
  await eventually(
    'one new worker',
    () => server.workerPids().length === 1 && server.log.count(handlingSignal('hup')) === 1,
  );
  await server.workers(1);
});

scenario(
  'SIGHUP moves to a new address and leaves the old one',
  async (scene) => {
    const [first, second, stays] = [await freePort(), await freePort(), await freePort()];
    const config = (...ports: number[]): string =>
      `bind = ${JSON.stringify(ports.map((port) => `127.0.0.1:${port}`))}\n`;
    const files = { 'app.py': answering('text'), 'gunicorn.conf.py': config(stays, first) };
    const server = await scene.tunicorn({
      app: 'app',
      files,
      listen: 'none',
      target: { host: '127.0.0.1', port: stays },
    });
    const load = new Load(server.target, { ...bothKinds, check: isOneOf('text') });
    await load.answeredMore(20);
    assert.equal(await getText({ host: '127.0.0.1', port: first }), 'text');
    scene.write('gunicorn.conf.py', config(stays, second));
    await reload(server, 2);
    await eventually('the new address', async () => await answers(second, 'text'));
    await eventually('the old address to be closed', async () => !(await answers(first, 'text')));
    await load.answeredMore(20);
    const result = await load.stop();
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
  },
  onlyTunicorn,
);

scenario(
  'a running request finishes on the old code while the new code answers others',
  async (scene) => {
    const rendezvous = await scene.rendezvous();
    const slow = (text: string): string =>
      `import rendezvous\n\ndef application(environ, start_response):\n    if environ["PATH_INFO"] == "/hold":\n        rendezvous.wait("held")\n    start_response("200 OK", [])\n    return [b"${text}"]\n`;
    const args = ['--workers', '1', '--graceful-timeout', '3600', '--timeout', '3600'];
    const env = { RENDEZVOUS: rendezvous.address };
    const server = await scene.tunicorn({ app: 'app', args, env, files: { 'app.py': slow('old') } });
    const held = await scene.connect(server);
    await held.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    scene.write('app.py', slow('new'));
    await reload(server, 2);
    assert.equal(await getText(server.target), 'new');
    rendezvous.open('held');
    assert.equal((await held.response()).body.toString(), 'old');
    // The same connection continues, with the new code.
    await held.send(requestBytes('/'));
    assert.equal((await held.response()).body.toString(), 'new');
    await server.workers(1);
  },
  onlyTunicorn,
);

scenario(
  'a generation that never gets ready does not stop the old one, and a good deploy replaces it',
  async (scene) => {
    const rendezvous = await scene.rendezvous();
    const env = { RENDEZVOUS: rendezvous.address };
    const args = ['--timeout', '3600', '--graceful-timeout', '1'];
    const server = await scene.tunicorn({ app: 'app', args, env, files: { 'app.py': answering('old') } });
    scene.write('app.py', answering('stuck', 'import rendezvous\nrendezvous.wait("importing")\n'));
    server.signal('SIGHUP');
    await rendezvous.arrived('importing');
    assert.equal(await getText(server.target), 'old');
    scene.write('app.py', answering('new'));
    server.signal('SIGHUP');
    // Both orders are right: the stuck generation is given up immediately, or after it is released.
    await server.waitForLog(handlingSignal('hup'));
    rendezvous.open('importing');
    await eventually('the new code', async () => (await getText(server.target)) === 'new');
  },
  onlyTunicorn,
);

scenario('SIGTERM during a reload ends everything', async (scene) => {
  const rendezvous = await scene.rendezvous();
  const args = ['--workers', '2', '--graceful-timeout', '1'];
  const env = { RENDEZVOUS: rendezvous.address };
  const server = await scene.tunicorn({ app: 'app', args, env, files: { 'app.py': answering('old') } });
  scene.write('app.py', answering('stuck', 'import rendezvous\nrendezvous.wait("importing")\n'));
  server.signal('SIGHUP');
  await rendezvous.arrived('importing');
  assert.equal((await server.stop('SIGTERM')).code, 0);
  await server.nothingLeft();
});

scenario(
  'five simultaneous SIGHUPs end in the newest code and one generation',
  async (scene) => {
    const server = await scene.tunicorn({
      app: 'app',
      args: ['--workers', '2'],
      files: { 'app.py': answering('old') },
    });
    const load = new Load(server.target, { ...bothKinds, check: isOneOf('old', 'new') });
    await load.answeredMore(20);
    scene.write('app.py', answering('new'));
    for (let count = 0; count < 5; count += 1) server.signal('SIGHUP');
    await eventually('the new code', async () => (await getText(server.target)) === 'new');
    await eventually('one generation', () => server.family().forkservers.length === 1);
    await server.workers(2);
    const result = await load.stop();
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
  },
  onlyTunicorn,
);

function isOneOf(...texts: readonly string[]): LoadOptions['check'] {
  return ({ body }) => (texts.includes(body.toString()) ? undefined : `unexpected ${body.toString()}`);
}

async function reload(server: Server, generation: number): Promise<void> {
  server.signal('SIGHUP');
  await server.waitForLog(generationServing(generation));
}

async function answers(port: number, text: string): Promise<boolean> {
  return await getText({ host: '127.0.0.1', port }).then(
    (got) => got === text,
    () => false,
  );
}
