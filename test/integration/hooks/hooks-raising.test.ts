// A hook that raises has the same effect as in Gunicorn, and the log names it and the line.

import assert from 'node:assert/strict';
import { getText, request } from '../../harness/clients/http-request.ts';
import { gaveUp, generationServing } from '../../harness/log-lines.ts';
import { scenario } from '../../harness/scenario.ts';
import { HookJournal } from '../../harness/subjects/hook-journal.ts';

const PARAMETERS: Readonly<Record<string, string>> = {
  on_starting: 'server',
  when_ready: 'server',
  nworkers_changed: 'server, new, old',
  pre_fork: 'server, worker',
  post_fork: 'server, worker',
  post_worker_init: 'worker',
  worker_int: 'worker',
  worker_abort: 'worker',
  worker_exit: 'server, worker',
  child_exit: 'server, worker',
  pre_request: 'worker, req',
  post_request: 'worker, req, environ, resp',
  on_reload: 'server',
  pre_exec: 'server',
  on_exit: 'server',
};

function raising(hook: string, what: string = 'RuntimeError("broken hook")'): string {
  return `def ${hook}(${PARAMETERS[hook]}):\n    raise ${what}`;
}

/** The traceback leads to the line in the file. */
function assertNamesTheLine(text: string, hook: string): void {
  assert.match(text, new RegExp(`gunicorn\\.conf\\.py", line \\d+, in ${hook}`));
  assert.match(text, /RuntimeError: broken hook/);
}

for (const hook of ['nworkers_changed', 'on_starting', 'when_ready']) {
  scenario(`${hook} that raises ends the start with status 1`, async (scene) => {
    const journal = new HookJournal(scene);
    const server = await scene.launch(journal.launchOptions(raising(hook), ['on_exit', 'post_fork']));
    const { code, text } = await server.ended();
    assert.equal(code, 1);
    assertNamesTheLine(text, hook);
    assert.doesNotMatch(text, /^ +at .*\.js/m, 'no stack of the arbiter');
    assert.deepEqual(journal.names(), [], 'no worker was forked, and there was no server to end');
    await server.nothingLeft();
  });
}

scenario('sys.exit in on_starting is the status that the command ends with', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.launch(journal.launchOptions(raising('on_starting', 'SystemExit(7)'), ['when_ready']));
  assert.equal((await server.ended()).code, 7);
});

scenario('pre_fork that raises ends the start with status 255', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.launch(journal.launchOptions(raising('pre_fork'), ['on_exit']));
  const { code, text } = await server.ended();
  assert.equal(code, 255);
  assert.match(text, /\[ERROR\] Unhandled exception in main loop/);
  assertNamesTheLine(text, 'pre_fork');
  assert.deepEqual(journal.names(), []);
  await server.nothingLeft();
});

for (const [hook, provoke] of [
  ['child_exit', 'kill a worker'],
  ['nworkers_changed', 'TTIN'],
] as const) {
  scenario(`${hook} that raises in the serving generation ends the server with status 255`, async (scene) => {
    const journal = new HookJournal(scene);
    const later = hook === 'nworkers_changed' ? '    if old is None: return\n' : '';
    const config = `def ${hook}(${PARAMETERS[hook]}):\n${later}    raise RuntimeError("broken hook")`;
    const server = await scene.tunicorn(journal.launchOptions(config, ['on_exit']));
    const [worker = 0] = await server.workers(1);
    if (provoke === 'TTIN') server.signal('SIGTTIN');
    else process.kill(worker, 'SIGKILL');
    const { code, text } = await server.ended();
    assert.equal(code, 255);
    assert.match(text, /\[ERROR\] Unhandled exception in main loop/);
    assertNamesTheLine(text, hook);
    assert.deepEqual(journal.names(), []);
    await server.nothingLeft();
  });
}

for (const hook of ['post_fork', 'post_worker_init']) {
  scenario(
    `${hook} that raises fails the boot of its worker: status 3, after worker_exit and on_exit`,
    async (scene) => {
      const journal = new HookJournal(scene);
      const server = await scene.launch(journal.launchOptions(raising(hook), ['worker_exit', 'child_exit', 'on_exit']));
      const { code, text } = await server.ended();
      assert.equal(code, 3);
      assert.match(text, /\[ERROR\] Exception in worker process/);
      assertNamesTheLine(text, hook);
      assert.match(text, /Reason: Worker failed to boot/);
      assert.deepEqual(journal.names(), ['worker_exit', 'child_exit', 'on_exit']);
    },
  );
}

for (const hook of ['on_reload', 'nworkers_changed', 'pre_fork', 'post_fork', 'post_worker_init']) {
  scenario(`${hook} that raises in a new configuration costs only the reload`, async (scene) => {
    const journal = new HookJournal(scene);
    const options = journal.launchOptions('workers = 1', ['on_exit']);
    const server = await scene.tunicorn(options);
    const before = await server.workers(1);
    scene.write('gunicorn.conf.py', `${options.files['gunicorn.conf.py']}${raising(hook)}\n`);
    server.signal('SIGHUP');
    await server.waitForLog(gaveUp);
    assert.equal(await getText(server.target), String(before[0]));
    assertNamesTheLine(server.log.text(), hook);
    scene.write('gunicorn.conf.py', options.files['gunicorn.conf.py'] ?? '');
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(3));
    assert.equal((await server.stop()).code, 0);
    assert.deepEqual(journal.names(), ['on_exit']);
  });
}

scenario('child_exit that raises for an old worker does not end the server that has replaced it', async (scene) => {
  const journal = new HookJournal(scene);
  const options = journal.launchOptions(raising('child_exit'), ['on_exit']);
  const server = await scene.tunicorn(options);
  scene.write('gunicorn.conf.py', 'workers = 1\n');
  server.signal('SIGHUP');
  await server.waitForLog(/Error in the hook child_exit: RuntimeError: broken hook/);
  await server.waitForLog(generationServing(2));
  await getText(server.target);
  assert.equal((await server.stop()).code, 0);
});

scenario('pre_request that raises leads to a 500, and post_request is called nevertheless', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions(raising('pre_request'), ['post_request']));
  assert.equal((await request(server.target, '/some/path')).status, 500);
  const { path, status } = await journal.waitFor('post_request');
  assert.deepEqual([path, status], ['/some/path', '500 Internal Server Error']);
  await server.waitForLog(/\[ERROR\] Error handling request GET \/some\/path/);
  assertNamesTheLine(server.log.text(), 'pre_request');
  await server.stop();
});

scenario('post_request that raises is logged, and nothing else', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions(raising('post_request'), ['pre_fork']));
  const [worker] = await server.workers(1);
  for (let times = 0; times < 2; times += 1) assert.equal(await getText(server.target), String(worker));
  await server.waitForLog(/\[ERROR\] Exception in post_request hook/);
  assertNamesTheLine(server.log.text(), 'post_request');
  await server.stop();
});

for (const [hook, signal] of [
  ['worker_exit', 'SIGTERM'],
  ['worker_int', 'SIGQUIT'],
] as const) {
  scenario(`${hook} that raises is logged, and the worker leaves`, async (scene) => {
    const journal = new HookJournal(scene);
    const server = await scene.tunicorn(journal.launchOptions(raising(hook), ['child_exit']));
    await server.workers(1);
    const { code } = await server.stop(signal);
    assert.equal(code, 0);
    const text = server.log.text();
    assert.match(
      text,
      hook === 'worker_exit' ? /\[WARNING\] Exception during worker exit:/ : /Exception in worker_int hook/,
    );
    assertNamesTheLine(text, hook);
    assert.deepEqual(journal.names(), ['child_exit']);
  });
}

scenario('on_exit that raises is logged, and the status is 1', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions(raising('on_exit'), ['child_exit']));
  const { code } = await server.stop();
  assert.equal(code, 1);
  assertNamesTheLine(server.log.text(), 'on_exit');
  await server.nothingLeft();
});

scenario('child_exit that raises at a stop does not cut the stop short, but changes the exit status', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions(raising('child_exit'), ['worker_exit', 'on_exit']));
  await server.workers(1);
  assert.equal((await server.stop()).code, 255);
  assertNamesTheLine(server.log.text(), 'child_exit');
  assert.deepEqual(journal.names(), ['worker_exit', 'on_exit']);
});

scenario('worker_abort that raises is logged, and the worker leaves', async (scene) => {
  const journal = new HookJournal(scene);
  const options = journal.launchOptions(`timeout = 1\n${raising('worker_abort')}`, ['child_exit']);
  const app = 'import time\ndef application(environ, start_response):\n    time.sleep(3600)\n';
  const server = await scene.tunicorn({ ...options, files: { ...options.files, 'app.py': app } });
  const [worker] = await server.workers(1);
  assert.equal((await request(server.target, '/')).status, 504);
  assert.equal((await journal.waitFor('child_exit')).worker, worker);
  await server.waitForLog(/Exception in worker_abort hook/);
  await server.waitForLog(/RuntimeError: broken hook/);
  assertNamesTheLine(server.log.text(), 'worker_abort');
});

scenario('when_ready that never returns does not keep the server from stopping', async (scene) => {
  const journal = new HookJournal(scene);
  const config =
    'import time\ngraceful_timeout = 1\ndef when_ready(server):\n    hook_journal.note("waiting")\n    time.sleep(3600)';
  const server = await scene.launch(journal.launchOptions(config, ['on_exit']));
  await journal.waitFor('waiting');
  assert.equal((await server.stop()).code, 0);
  await server.nothingLeft();
});

scenario('a reload whose configuration has a hook that cannot be found is given up', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions('', ['on_exit']));
  const [worker] = await server.workers(1);
  scene.write('gunicorn.conf.py', 'post_fork = "nowhere.to_be_found"\n');
  server.signal('SIGHUP');
  await server.waitForLog(/Generation 2 gave up: Invalid value for post_fork: nowhere\.to_be_found/);
  assert.equal(await getText(server.target), String(worker));
});

scenario('pre_exec that raises stops the upgrade, and the server keeps running', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(journal.launchOptions(raising('pre_exec'), ['on_starting', 'on_exit']));
  const [worker] = await server.workers(1);
  server.signal('SIGUSR2');
  await server.waitForLog(/Upgrade cancelled: error in the hook/);
  assertNamesTheLine(server.log.text(), 'pre_exec');
  assert.equal(await getText(server.target), String(worker));
  assert.equal((await server.stop()).code, 0);
  assert.deepEqual(journal.names(), ['on_starting', 'on_exit'], 'no second server was started');
});

scenario('a hook that is not a function is a mistake in the configuration', async (scene) => {
  const { code, text } = await scene.run({
    app: 'app',
    files: { 'app.py': 'application = print\n', 'gunicorn.conf.py': 'post_fork = "nowhere.to_be_found"\n' },
  });
  assert.equal(code, 1);
  assert.match(text, /Invalid value for post_fork: nowhere\.to_be_found\n\nError: No module named 'nowhere'/);
});
