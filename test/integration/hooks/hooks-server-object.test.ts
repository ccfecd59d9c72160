// The `server` and `worker` objects that hooks get: state that lasts, lists of workers, methods that act.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { gaveUp, generationServing, shuttingDown } from '../../harness/log-lines.ts';
import { scenario } from '../../harness/scenario.ts';
import { HookJournal } from '../../harness/subjects/hook-journal.ts';

/** Answers with the value of the expression. */
function answering(expression: string, before: string = ''): string {
  return `import os, json, sys\n${before}
def application(environ, start_response):
    start_response("200 OK", [])
    return [json.dumps(${expression}).encode()]
`;
}

function pidsOf(living: unknown): number[] {
  return Array.isArray(living) ? living.map(Number).sort() : [];
}

scenario('attributes that on_starting sets on the server and in modules are seen in every worker', async (scene) => {
  const config = `
import app, state
workers = 2
counter = 0
def on_starting(server):
    global counter
    counter = 41
    state.shared = {"token": "from on_starting"}
    server.color = "blue"
def when_ready(server):
    global counter
    counter += 1
def post_fork(server, worker):
    state.seen = [state.shared["token"], server.color, counter, worker.age]
`;
  const files = { 'app.py': answering('state.seen[:3]', 'import state'), 'state.py': '', 'gunicorn.conf.py': config };
  const server = await scene.tunicorn({ app: 'app', files });
  await server.workers(2);
  assert.deepEqual(JSON.parse(await getText(server.target)), ['from on_starting', 'blue', 42]);
});

scenario(
  'attributes that hooks have set on the server survive reloads; those that cannot are named in the log',
  async (scene) => {
    const config = (reloads: string): string => `
import threading
class Plan:
    def __init__(self, text): self.text = text
def on_starting(server):
    server.started = "once"
    server.plan = Plan("kept")
    server.lock = threading.Lock()
def on_reload(server):
    server.reloads = getattr(server, "reloads", 0) + 1
def post_fork(server, worker):
    import app
    app.seen = [server.started, server.plan.text, hasattr(server, "lock")${reloads}]
`;
    const files = { 'app.py': answering('seen'), 'gunicorn.conf.py': config('') };
    const server = await scene.tunicorn({ app: 'app', files });
    assert.deepEqual(JSON.parse(await getText(server.target)), ['once', 'kept', true]);
    scene.write('gunicorn.conf.py', config(', server.reloads'));
    for (const reloads of [1, 2]) {
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(reloads + 1));
      assert.deepEqual(JSON.parse(await getText(server.target)), ['once', 'kept', false, reloads]);
    }
    assert.equal(server.log.count(/\[WARNING\] .*cannot keep.*: lock$/), 1, 'one warning, for there was one lock');
  },
);

scenario(
  'attributes that pre_fork sets on a worker exist in the worker, and child_exit gets the same worker',
  async (scene) => {
    const journal = new HookJournal(scene);
    const config = `
def pre_fork(server, worker):
    worker.ticket = f"ticket {worker.age}"
def post_fork(server, worker):
    hook_journal.note("post_fork", ticket=worker.ticket, ppid=worker.ppid == os.getppid())
    worker.only_here = True
def child_exit(server, worker):
    hook_journal.note("child_exit", ticket=worker.ticket, worker=worker.pid, only=hasattr(worker, "only_here"))
`;
    const server = await scene.tunicorn(journal.launchOptions(config, ['when_ready']));
    const [worker] = await server.workers(1);
    await server.stop();
    const [, forked, exited] = journal.calls();
    assert.deepEqual([forked?.ticket, forked?.ppid], ['ticket 1', true]);
    assert.deepEqual([exited?.ticket, exited?.worker, exited?.only], ['ticket 1', worker, false]);
  },
);

scenario('a thread of when_ready kills a worker by server.kill_worker, before and after a reload', async (scene) => {
  const journal = new HookJournal(scene);
  const config = `
import signal, threading, time
workers = 2
def when_ready(server):
    def watch():
        done = set()
        while True:
            time.sleep(0.02)
            for pid, worker in server.WORKERS.items():
                if os.path.exists(f"kill-{pid}") and pid not in done:
                    done.add(pid)
                    hook_journal.note("killing", worker=worker.pid, age=worker.age)
                    server.kill_worker(pid, signal.SIGTERM)
    threading.Thread(target=watch, name="memory watcher", daemon=True).start()
`;
  const server = await scene.tunicorn(journal.launchOptions(config, ['child_exit']));
  const kill = async (victim: number): Promise<void> => {
    scene.write(`kill-${victim}`, '');
    await eventually(`the end of worker ${victim}`, () => !server.workerPids().includes(victim));
    await eventually('its successor', () => server.workerPids().length === 2);
  };
  const [first = 0] = await server.workers(2);
  await kill(first);
  server.signal('SIGHUP');
  await server.waitForLog(generationServing(2));
  await eventually('the old workers to go', () => server.workerPids().length === 2);
  const second = Math.max(...server.workerPids());
  await kill(second);
  assert.deepEqual(
    journal.of('killing').map((call) => call.worker),
    [first, second],
  );
  await getText(server.target);
  assert.equal((await server.stop()).code, 0);
  await server.nothingLeft();
});

scenario('a forkserver with threads of hooks stays through reloads; one without leaves', async (scene) => {
  const threads =
    'import threading, time\ndef when_ready(server):\n    threading.Thread(target=time.sleep, args=(3600,)).start()\n';
  for (const [config, left] of [
    [threads, 2],
    ['def when_ready(server):\n    pass\n', 1],
  ] as const) {
    const server = await scene.tunicorn({
      app: 'app',
      files: { 'app.py': answering('1'), 'gunicorn.conf.py': config },
    });
    const [old = 0] = await server.workers(1);
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    await eventually('the old worker to go', () => !server.family().all.includes(old));
    await eventually(`${left} forkservers`, () => server.family().forkservers.length === left);
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  }
});

scenario('server.WORKERS lists the living workers of all generations', async (scene) => {
  const journal = new HookJournal(scene);
  const server = await scene.tunicorn(
    journal.launchOptions(
      'workers = 2\ndef child_exit(server, worker):\n    hook_journal.note("child_exit", living=sorted(server.WORKERS), worker=worker.pid)',
      ['on_reload', 'on_exit'],
    ),
  );
  const old = [...(await server.workers(2))].sort();
  server.signal('SIGHUP');
  await server.waitForLog(generationServing(2));
  assert.deepEqual(pidsOf((await journal.waitFor('on_reload')).living), old);
  await journal.waitFor('child_exit', 2);
  const young = [...(await server.workers(2))].sort();
  const [one, other] = journal.of('child_exit');
  assert.ok(!pidsOf(one?.living).includes(Number(one?.worker)), 'it is gone already');
  assert.deepEqual(pidsOf(other?.living), young, 'the last of the old ones sees the new ones');
  await server.stop();
  assert.deepEqual(journal.of('on_exit')[0]?.living, []);
});

scenario('server.num_workers is the number of workers in every hook, from the first one on', async (scene) => {
  const config = (workers: number): string => `
workers = ${workers}
def say(hook):
    def say_so(server, *rest):
        print(f"{hook}: {server.num_workers}", flush=True)
    return say_so
def on_starting(server): say("on_starting")(server)
def when_ready(server): say("when_ready")(server)
def on_reload(server): say("on_reload")(server)
def on_exit(server): say("on_exit")(server)
`;
  const server = await scene.tunicorn({
    app: 'app',
    files: { 'app.py': answering('1'), 'gunicorn.conf.py': config(3) },
  });
  scene.write('gunicorn.conf.py', config(2));
  server.signal('SIGHUP');
  await server.waitForLog(generationServing(2));
  await server.stop();
  const said = server.stdout.lines.filter((line) => /^(?:on|when)_/.test(line));
  assert.deepEqual(said, ['on_starting: 3', 'when_ready: 3', 'on_reload: 2', 'on_exit: 2']);
});

scenario('server.num_workers, reload() and stop() act from a hook’s thread', async (scene) => {
  const journal = new HookJournal(scene);
  const config = `
import threading, time
def when_ready(server):
    def follow():
        for name, act in steps:
            while not os.path.exists(name):
                time.sleep(0.02)
            act(server)
    threading.Thread(target=follow, daemon=True).start()
def grow(server):
    server.num_workers += 2
steps = [("grow", grow), ("reload", lambda server: server.reload()), ("stop", lambda server: server.stop())]
`;
  const server = await scene.tunicorn(journal.launchOptions(config, ['nworkers_changed']));
  await server.workers(1);
  scene.write('grow', '');
  await server.workers(3);
  assert.deepEqual([journal.of('nworkers_changed')[1]?.new, journal.of('nworkers_changed')[1]?.mainThread], [3, false]);
  scene.write('reload', '');
  await server.waitForLog(generationServing(2));
  await server.workers(1);
  scene.write('stop', '');
  assert.equal((await server.ended()).code, 0);
  assert.match(server.log.text(), shuttingDown);
});

scenario('worker.alive = False replaces the worker, as max_requests does', async (scene) => {
  const journal = new HookJournal(scene);
  const config = `
def post_request(worker, req, environ, resp):
    hook_journal.note("served", nr=worker.nr, worker=worker.pid)
    if worker.nr == 2:
        worker.alive = False
`;
  const server = await scene.tunicorn(journal.launchOptions(config, ['child_exit']));
  const [first] = await server.workers(1);
  for (let times = 0; times < 2; times += 1) await getText(server.target);
  assert.equal((await journal.waitFor('child_exit')).worker, first);
  const [second] = await server.workers(1);
  assert.notEqual(second, first);
  assert.equal(await getText(server.target), String(second));
  assert.deepEqual(
    journal
      .of('served')
      .slice(0, 2)
      .map(({ nr, worker }) => [nr, worker]),
    [
      [1, first],
      [2, first],
    ],
  );
});

scenario('req and resp describe the request and the response, and changes by pre_request are seen', async (scene) => {
  const journal = new HookJournal(scene);
  const config = `
def pre_request(worker, req):
    req.headers.append(("X-ADDED", "by the hook"))
    hook_journal.note("pre", method=req.method, uri=req.uri, path=req.path, query=req.query, version=req.version,
                      headers=dict(req.headers), scheme=req.scheme, remote=req.remote_addr[0])
def post_request(worker, req, environ, resp):
    hook_journal.note("post", status=resp.status, code=resp.status_code, headers=resp.headers, sent=resp.sent,
                      length=resp.response_length, done=resp.headers_sent, app=environ["HTTP_X_ADDED"])
`;
  const app = `
def application(environ, start_response):
    start_response("201 Well Done", [("Content-Length", "3"), ("X-A", "b")])
    return [environ["HTTP_X_ADDED"][:3].encode()]
`;
  const options = journal.launchOptions(config, ['when_ready']);
  const server = await scene.tunicorn({ ...options, files: { ...options.files, 'app.py': app } });
  const connection = await scene.connect(server);
  await connection.send(Buffer.from('GET /a%20b?c=d HTTP/1.1\r\nHost: test.example\r\nX-One: 1\r\n\r\n'));
  const { status, body } = await connection.response();
  assert.deepEqual([status, body.toString()], [201, 'by ']);
  await journal.waitFor('post');
  const { pid: _, mainThread: __, ...pre } = journal.of('pre')[0] ?? { pid: 0, mainThread: true, hook: '' };
  assert.deepEqual(pre, {
    hook: 'pre',
    method: 'GET',
    uri: '/a%20b?c=d',
    path: '/a%20b',
    query: 'c=d',
    version: [1, 1],
    headers: { HOST: 'test.example', 'X-ONE': '1', 'X-ADDED': 'by the hook' },
    scheme: 'http',
    remote: '127.0.0.1',
  });
  const { pid: ___, mainThread: ____, ...post } = journal.of('post')[0] ?? { pid: 0, mainThread: true, hook: '' };
  assert.deepEqual(post, {
    hook: 'post',
    status: '201 Well Done',
    code: 201,
    headers: [
      ['Content-Length', '3'],
      ['X-A', 'b'],
    ],
    sent: 3,
    length: 3,
    done: true,
    app: 'by the hook',
  });
});

scenario('the threads of a failed generation end with it', async (scene) => {
  const threads = 'import threading, time\nthreading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n';
  const files = { 'app.py': answering('1'), 'gunicorn.conf.py': 'workers = 1\n' };
  const server = await scene.tunicorn({ app: 'app', files });
  await server.workers(1);
  scene.write('gunicorn.conf.py', `${threads}def on_reload(server):\n    raise RuntimeError("no")\n`);
  server.signal('SIGHUP');
  await server.waitForLog(gaveUp);
  await eventually('one forkserver', () => server.family().forkservers.length === 1);
});
