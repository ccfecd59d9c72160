// Server hooks: each in its process, at its time, in Gunicorn's order.

import assert from 'node:assert/strict';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { scenario } from '../../harness/scenario.ts';
import { HookJournal } from '../../harness/subjects/hook-journal.ts';

scenario('a start, a request and a stop call every hook in Gunicorn’s order, each in its process', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions('workers = 1'));
  const [worker = 0] = await server.workers(1);
  const [forkserver] = server.family().forkservers;
  assert.equal(await getText(server.target), String(worker));
  await journal.waitFor('post_request');
  assert.equal((await server.stop()).code, 0);
  assert.deepEqual(journal.names(), [
    'nworkers_changed',
    'on_starting',
    'when_ready',
    'pre_fork',
    'post_fork',
    'post_worker_init',
    'pre_request',
    'post_request',
    'worker_exit',
    'child_exit',
    'on_exit',
  ]);
  const workerSide = ['post_fork', 'post_worker_init', 'pre_request', 'post_request', 'worker_exit'];
  for (const { hook, pid, mainThread, server: arbiter } of journal.calls()) {
    assert.equal(pid, workerSide.includes(hook) ? worker : forkserver, `process of ${hook}`);
    assert.equal(mainThread, true, `thread of ${hook}`);
    if (arbiter !== undefined) assert.equal(arbiter, server.pid, `server.pid in ${hook}`);
  }
});

scenario('a hook sees the same state as in Gunicorn', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions('workers = 1'));
  const [worker] = await server.workers(1);
  await server.stop();
  const detail = (hook: string): Record<string, unknown> => journal.of(hook)[0] ?? {};
  assert.deepEqual([detail('nworkers_changed').new, detail('nworkers_changed').old], [1, null]);
  assert.deepEqual(detail('on_starting').listeners, [], 'nothing is bound yet');
  assert.match(String(detail('when_ready').listeners), /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.deepEqual([detail('pre_fork').worker, detail('pre_fork').age], ['[booting]', 1]);
  for (const hook of ['post_fork', 'post_worker_init', 'worker_exit', 'child_exit']) {
    assert.deepEqual([detail(hook).worker, detail(hook).age], [worker, 1], hook);
  }
  assert.deepEqual(
    ['post_fork', 'post_worker_init', 'worker_exit'].map((hook) => detail(hook).booted),
    [false, false, true],
  );
  assert.deepEqual(detail('on_exit').living, []);
});

scenario(
  'SIGHUP calls the hooks of the new configuration, and ends the old workers after the new ones boot',
  async (scene) => {
    const journal = new HookJournal(scene);
    const options = journal.launchOptions('workers = 1');
    const server = await scene.tunicorn(options);
    const [old] = await server.workers(1);
    const before = journal.calls().length;
    scene.write('gunicorn.conf.py', `${options.files['gunicorn.conf.py']}workers = 2\n`);
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    await journal.waitFor('child_exit');
    const calls = journal.calls().slice(before);
    const boot = ['pre_fork', 'post_fork', 'post_worker_init'];
    const names = calls.map(({ hook }) => hook);
    assert.deepEqual(names.slice(0, 2), ['nworkers_changed', 'on_reload']);
    assert.deepEqual(names.slice(2, 8).sort(), [...boot, ...boot].sort());
    assert.deepEqual(names.slice(8), ['worker_exit', 'child_exit']);
    assert.deepEqual([calls[0]?.new, calls[0]?.old], [2, 1]);
    assert.equal(calls.at(-1)?.worker, old);
    assert.equal(journal.of('on_starting').length + journal.of('when_ready').length, 2, 'these are called once in all');
    await server.workers(2);
    await server.stop();
    assert.equal(journal.of('on_exit').length, 1);
    assert.equal(
      journal.of('on_exit')[0]?.pid,
      journal.of('on_reload')[0]?.pid,
      'on_exit runs in the forkserver of the last reload',
    );
  },
);

scenario('SIGTTIN and SIGTTOU call nworkers_changed before workers come and go', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions('workers = 1'));
  const [first] = await server.workers(1);
  server.signal('SIGTTIN');
  // Two signals of one kind may be merged; and the second should arrive while the first worker boots.
  await journal.waitFor('nworkers_changed', 2);
  server.signal('SIGTTIN');
  await server.workers(3);
  server.signal('SIGTTOU');
  await journal.waitFor('child_exit');
  const changes = journal.of('nworkers_changed').map((call) => [call.new, call.old, call.workers]);
  const expected = [
    [1, null, 1],
    [2, 1, 2],
    [3, 2, 3],
    [2, 3, 2],
  ];
  assert.deepEqual(changes.slice(0, 2), expected.slice(0, 2));
  assert.deepEqual(changes, expected);
  const names = journal.names();
  assert.ok(names.indexOf('pre_fork', names.indexOf('pre_fork') + 1) > names.indexOf('nworkers_changed', 1));
  assert.ok(names.lastIndexOf('nworkers_changed') < names.indexOf('worker_exit'));
  assert.equal(journal.of('child_exit')[0]?.worker, first, 'the oldest goes');
  await server.stop();
});

scenario('SIGQUIT calls worker_int in each worker, and the hooks of the end', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions('workers = 2'));
  const workers = await server.workers(2);
  await eventually('both workers to have booted', () => journal.of('post_worker_init').length === 2);
  assert.equal((await server.stop('SIGQUIT')).code, 0);
  assert.deepEqual(
    journal
      .of('worker_int')
      .map(({ pid }) => pid)
      .sort(),
    [...workers].sort(),
  );
  assert.ok(journal.of('worker_int').every(({ alive }) => alive === false));
  assert.equal(journal.of('worker_exit').length, 2);
  assert.equal(journal.of('child_exit').length, 2);
  assert.equal(journal.names().at(-1), 'on_exit');
});

scenario('a worker that is killed has child_exit called, with the pid that it had', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions('workers = 1'));
  const [victim = 0] = await server.workers(1);
  process.kill(victim, 'SIGKILL');
  assert.equal((await journal.waitFor('child_exit')).worker, victim);
  await eventually('another worker', () => server.workerPids().some((pid) => pid !== victim));
  assert.equal(journal.of('worker_exit').length, 0, 'nothing ran in it any more');
  await server.stop();
});

scenario('worker_abort finds its worker no longer alive, and child_exit finds that it was aborted', async (scene) => {
  const journal = new HookJournal(scene);
  const options = journal.launchOptions('timeout = 1');
  const app = 'import time\ndef application(environ, start_response):\n    time.sleep(3600)\n';
  const server = await scene.tunicorn({ ...options, files: { ...options.files, 'app.py': app } });
  const [stuck = 0] = await server.workers(1);
  assert.equal((await request(server.target, '/')).status, 504);
  assert.equal((await journal.waitFor('worker_abort')).alive, false);
  const { worker, aborted } = await journal.waitFor('child_exit');
  assert.deepEqual([worker, aborted], [stuck, true]);
  await eventually('another worker', () => server.workerPids().some((pid) => pid !== stuck));
  await server.stop();
  assert.equal((await journal.waitFor('child_exit', 2)).aborted, false);
});

scenario('hooks may be given by their import path, and post_request may take fewer arguments', async (scene) => {
  const journal = new HookJournal(scene);
  const options = journal.launchOptions(
    'on_starting = "elsewhere.starting"\ndef post_request(worker, req):\n    hook_journal.note("post", path=req.path)',
    ['when_ready'],
  );
  const module = 'import hook_journal\ndef starting(server):\n    hook_journal.note("starting")\n';
  const server = await scene.tunicorn({ ...options, files: { ...options.files, 'elsewhere.py': module } });
  await getText(server.target, '/a%20b?c=d');
  await journal.waitFor('post');
  assert.deepEqual(journal.names(), ['starting', 'when_ready', 'post']);
  assert.equal(journal.of('post')[0]?.path, '/a%20b');
  await server.stop();
});

scenario('threads of a gthread worker call pre_request and post_request, each for its own request', async (scene) => {
  const journal = new HookJournal(scene);
  const config = `
worker_class = "gthread"
threads = 4
def pre_request(worker, req):
    req.mark = req.path
def post_request(worker, req, environ, resp):
    hook_journal.note("post", same=req.mark == environ["PATH_INFO"], path=req.path, worker=worker.pid)
`;
  const server = await scene.tunicorn(journal.launchOptions(config, ['child_exit']));
  const [worker] = await server.workers(1);
  const paths = Array.from({ length: 40 }, (_, number) => `/${number}`);
  await Promise.all(paths.map((path) => getText(server.target, path)));
  await journal.waitFor('post', paths.length);
  const calls = journal.of('post');
  assert.deepEqual(calls.map(({ path }) => String(path)).sort(), [...paths].sort());
  assert.ok(calls.every(({ same, worker: pid, mainThread }) => same === true && pid === worker && !mainThread));
  await server.stop();
  assert.equal(journal.names().at(-1), 'child_exit');
});

scenario('--check-config calls no hook', async (scene) => {
  const journal = new HookJournal(scene);
  const { code } = await scene.run({ ...journal.launchOptions(''), args: ['--check-config'] });
  assert.equal(code, 0);
  assert.deepEqual(journal.names(), []);
});

scenario('USR2 calls pre_exec before, and the new server calls its own hooks', async (scene) => {
  const journal = new HookJournal(scene);
  const config = `
def on_starting(server):
    hook_journal.note("on_starting", parent=server.master_pid, server=server.pid)
`;
  const server = await scene.tunicorn(journal.launchOptions(config, ['pre_exec', 'when_ready', 'on_exit']));
  const [forkserver] = server.family().forkservers;
  server.signal('SIGUSR2');
  await journal.waitFor('when_ready', 2);
  assert.deepEqual(journal.names(), ['on_starting', 'when_ready', 'pre_exec', 'on_starting', 'when_ready']);
  const [first, second] = journal.of('on_starting');
  assert.deepEqual([first?.parent, second?.parent], [0, server.pid]);
  const preExec = journal.of('pre_exec')[0];
  assert.notEqual(preExec?.pid, forkserver, 'it may spoil its process: that is a copy');
  assert.equal(preExec?.server, server.pid);
  process.kill(Number(second?.server), 'SIGTERM');
  await journal.waitFor('on_exit');
  await server.stop();
  assert.equal(journal.of('on_exit').length, 2);
});
