// worker_class as the user's own class, by its import path or in the configuration file.

import assert from 'node:assert/strict';
import { field } from '../../harness/clients/http-connection.ts';
import { getText, request } from '../../harness/clients/http-request.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

const APP =
  'def application(environ, start_response):\n    start_response("200 OK", [])\n' +
  '    return [str(environ["wsgi.multithread"]).encode()]\n';
const ASGI =
  'import asyncio\nasync def application(scope, receive, send):\n    assert scope["type"] == "http"\n' +
  '    name = type(asyncio.get_running_loop()).__module__.split(".")[0]\n' +
  '    await send({"type": "http.response.start", "status": 200})\n' +
  '    text = " ".join((name, scope["root_path"], scope["client"][0], scope["scheme"]))\n' +
  '    await send({"type": "http.response.body", "body": text.encode()})\n';

scenario(
  'a class that derives from one of Gunicorn runs as its base, and its init_process runs before the application is imported',
  async (scene) => {
    const workers =
      'from gunicorn.workers.gthread import ThreadWorker\n\nclass Mine(ThreadWorker):\n' +
      '    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n        self.made = True\n' +
      '    def init_process(self):\n        self.log.info("before: %s %s", self.made, self.wsgi)\n' +
      '        super().init_process()\n        self.log.info("after serving")\n';
    const files = { 'app.py': APP, 'mine/workers.py': workers };
    const server = await scene.tunicorn({ app: 'app', args: ['-k', 'mine.workers.Mine', '--threads', '2'], files });
    await server.waitForLog(/Using worker: gthread$/);
    await server.waitForLog(/before: True None$/);
    assert.equal(await getText(server.target), 'True');
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    await server.waitForLog(/after serving$/);
    assert.equal(await getText(server.target), 'True');
    assert.equal(server.log.count(/has no effect/), 0);
    assert.equal((await server.stop()).code, 0);
  },
  onlyTunicorn,
);

scenario(
  'overrides without effect are logged in one line',
  async (scene) => {
    const config =
      'from gunicorn.workers.sync import SyncWorker\n\nclass Mine(SyncWorker):\n' +
      '    def handle_request(self, *args):\n        raise AssertionError\n    def notify(self):\n        super().notify()\n' +
      '    def helper(self):\n        pass\n\nworker_class = Mine\n';
    const files = { 'app.py': APP, 'gunicorn.conf.py': config };
    const server = await scene.tunicorn({ app: 'app', files });
    const line =
      /\[WARNING\] Worker class __config__\.Mine overrides attributes that have no effect here: handle_request, notify\. /;
    await server.waitForLog(line);
    assert.equal(server.log.count(line), 1);
    assert.equal(await getText(server.target), 'False');
  },
  onlyTunicorn,
);

scenario(
  "a subclass of uvicorn's worker is asgi with what CONFIG_KWARGS says; the rest of it is named",
  async (scene) => {
    const workers =
      'from uvicorn.workers import UvicornWorker\n\nclass Mine(UvicornWorker):\n' +
      '    CONFIG_KWARGS = {"loop": "asyncio", "http": "h11", "lifespan": "off", "ws_max_size": 1, "root_path": "/api",\n' +
      '        "date_header": False, "proxy_headers": False, "headers": [("Server", "mine"), ("X-One", "1"), (b"X-Two", b"2")],\n' +
      '        "limit_concurrency": 9, "log_config": {}}\n';
    const files = { 'app.py': ASGI, 'workers.py': workers };
    const server = await scene.tunicorn({ app: 'app', args: ['-k', 'workers.Mine'], files });
    await server.waitForLog(/Using worker: asgi$/);
    await server.waitForLog(
      /have no effect here: CONFIG_KWARGS\['limit_concurrency'\], CONFIG_KWARGS\['log_config'\]\. /,
    );
    const headers = { 'X-Forwarded-For': '192.0.2.9', 'X-Forwarded-Proto': 'https' };
    const response = await request(server.target, '/', { headers });
    assert.equal(response.body.toString(), 'asyncio /api 127.0.0.1 http');
    assert.deepEqual(
      ['Server', 'Date', 'X-One', 'X-Two'].map((name) => field(response, name)),
      ['mine', undefined, '1', '2'],
    );
  },
  onlyTunicorn,
);

scenario(
  'a class that cannot run is refused at the start, with the wanted form',
  async (scene) => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['class Mine:\n    pass\n', 'workers.Mine', /or a class that derives from one of Gunicorn's/],
      ['from gunicorn.workers.base import Worker\nclass Mine(Worker):\n    pass\n', 'workers.Mine', /derives from one/],
      ['', 'workers.Mine', /it cannot be imported: AttributeError: module 'workers' has no attribute 'Mine'/],
      ['', 'nowhere.Mine', /it cannot be imported: ModuleNotFoundError: No module named 'nowhere'/],
    ];
    for (const [text, name, wanted] of cases) {
      const files = { 'app.py': APP, 'workers.py': text };
      const { code, text: said } = await scene.run({ app: 'app', args: ['-k', name], files });
      assert.equal(code, 1);
      assert.match(said, wanted);
      assert.match(said, /Error: Invalid value for worker_class on the command line/);
    }
  },
  onlyTunicorn,
);

scenario(
  'a class whose constructor raises ends the start, and its traceback is logged',
  async (scene) => {
    const workers =
      'from gunicorn.workers.sync import SyncWorker\n\nclass Mine(SyncWorker):\n' +
      '    def __init__(self, *args):\n        raise RuntimeError("not made")\n';
    const files = { 'app.py': APP, 'workers.py': workers };
    const { code, text } = await scene.run({ app: 'app', args: ['-k', 'workers.Mine'], files });
    assert.notEqual(code, 0);
    assert.match(text, /Mine\(\): RuntimeError: not made/);
    assert.match(text, /workers\.py", line 5, in __init__/);
  },
  onlyTunicorn,
);

scenario(
  'an init_process that never serves is an error, not an endless crash loop',
  async (scene) => {
    const workers =
      'from gunicorn.workers.sync import SyncWorker\n\nclass Mine(SyncWorker):\n    def init_process(self):\n        pass\n';
    const files = { 'app.py': APP, 'workers.py': workers };
    const { code, text } = await scene.run({ app: 'app', args: ['-k', 'workers.Mine'], files });
    assert.equal(code, 3);
    assert.match(text, /Mine\.init_process\(\) returned without calling super\(\)\.init_process\(\)/);
  },
  onlyTunicorn,
);
