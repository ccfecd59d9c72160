// logger_class: Python's loggers write everything, lines of arbiter and gateway and requests that no worker finished included.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { udpReceiver } from '../../harness/doubles/receivers.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { appFile } from '../../harness/project.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const application = readFileSync(appFile('logging_app'), 'utf8');

/** Each record as JSON, as real programs do it: a formatter on the handlers of their own Logger. */
const AS_JSON = `
import json, logging
from gunicorn.glogging import Logger

class AsJson(logging.Formatter):
    def format(self, record):
        entry = {"logger": record.name, "level": record.levelname, "pid": record.process, "text": record.getMessage()}
        if isinstance(record.args, dict):
            entry.update(status=record.args["s"], path=record.args["U"], agent=record.args["a"], own=record.args["{x-own}o"])
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)

class Own(Logger):
    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers + self.access_log.handlers:
            handler.setFormatter(AsJson())

logger_class = Own
accesslog = "-"
`;

interface Entry {
  readonly logger: string;
  readonly level: string;
  readonly pid: number;
  readonly text: string;
  readonly status?: string;
  readonly path?: string;
  readonly agent?: string;
  readonly own?: string;
}

function entries(server: Server): Entry[] {
  return server.log.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Entry);
}

async function started(scene: Scene, config: string, args: readonly string[] = []): Promise<Server> {
  const files = { 'logging_app.py': application, 'gunicorn.conf.py': config };
  return await scene.tunicorn({ app: 'logging_app:application', files, args });
}

async function accessOf(server: Server, path: string): Promise<Entry[]> {
  const found = (): Entry[] =>
    entries(server).filter((entry) => entry.logger.endsWith('access') && entry.path === path);
  return await eventually(`an access record of ${path}`, () => found().length > 0 && found());
}

scenario("the user's formatter formats the lines of every process, each with its own pid", async (scene) => {
  const server = await started(scene, AS_JSON);
  await getText(server.target, '/raise?now').catch(() => {});
  await server.waitForLog(/the application is wrong/);
  const [worker] = server.workerPids();
  const pids = (pattern: RegExp): number[] =>
    entries(server).flatMap(({ text, pid }) => (pattern.test(text) ? [pid] : []));
  assert.deepEqual(pids(/^Starting tunicorn/), [server.pid]);
  assert.deepEqual(pids(/^Listening at/), [server.pid]);
  assert.deepEqual(pids(/^Generation 1 is serving$/), [server.pid]);
  assert.deepEqual(pids(/^Booting worker with pid/), [worker]);
  assert.deepEqual(pids(/^Error handling request GET \/raise\?now$/), [worker]);
  const plain = server.log.lines.filter((line) => line !== '' && !line.startsWith('{'));
  assert.deepEqual(plain, []);
});

scenario('access records have the atoms, and there is one for each request', async (scene) => {
  const server = await started(scene, AS_JSON);
  await request(server.target, '/first', { headers: { 'User-Agent': 'a "b"\\' } });
  await request(server.target, '/raise');
  await request(server.target, '/last');
  await accessOf(server, '/last');
  const [worker] = server.workerPids();
  const found = entries(server).filter((entry) => entry.logger === 'gunicorn.access');
  assert.deepEqual(
    found.map(({ level, pid, status, path, agent, own }) => ({ level, pid, status, path, agent, own })),
    [
      { level: 'INFO', pid: worker, status: '200', path: '/first', agent: 'a \\"b\\"\\\\', own: 'mine' },
      { level: 'INFO', pid: worker, status: '500', path: '/raise', agent: '-', own: '-' },
      { level: 'INFO', pid: worker, status: '200', path: '/last', agent: '-', own: 'mine' },
    ],
  );
});

scenario('a request whose worker is killed has its line, with the pid of that worker', async (scene) => {
  const server = await started(scene, AS_JSON);
  const [worker] = server.workerPids();
  assert.equal((await request(server.target, '/die')).status, 502);
  const found = await accessOf(server, '/die');
  assert.deepEqual(
    found.map(({ pid, status }) => ({ pid, status })),
    [{ pid: worker, status: '502' }],
  );
  await server.waitForLog(/"pid": \d+, "text": "Worker \(pid:\d+\) was sent SIGKILL!/);
});

scenario('a request beyond its time limit has one line', async (scene) => {
  const sleeper = readFileSync(appFile('sleeper'), 'utf8');
  const rendezvous = await scene.rendezvous();
  const server = await scene.tunicorn({
    app: 'sleeper',
    files: { 'sleeper.py': sleeper, 'gunicorn.conf.py': `${AS_JSON}\ntimeout = 1\n` },
    env: { RENDEZVOUS: rendezvous.address },
  });
  assert.equal((await request(server.target, '/sleep')).status, 504);
  await server.waitForLog(/WORKER TIMEOUT[^\n]*/);
  await server.waitForLog(/is gone\. What it was doing/);
  const found = await accessOf(server, '/sleep');
  assert.deepEqual(
    found.map(({ status }) => status),
    ['504'],
  );
});

scenario('a request that the gateway refuses has its line, with the pid of the gateway', async (scene) => {
  const server = await started(scene, AS_JSON);
  const connection = await scene.connect(server);
  await connection.send('GET /refused HTTP/1.1\r\nHost: a\r\nContent-Length: none\r\n\r\n');
  const found = await accessOf(server, '/refused');
  assert.deepEqual(
    found.map(({ pid, status }) => ({ pid, status })),
    [{ pid: server.family().gateways[0], status: '400' }],
  );
});

scenario('a filter that a logger class adds keeps health checks out of the access log', async (scene) => {
  const config = `
import logging
from gunicorn.glogging import Logger

class NoHealthChecks(logging.Filter):
    def filter(self, record):
        return "GET /health" not in record.getMessage()

class Own(Logger):
    def setup(self, cfg):
        super().setup(cfg)
        self.access_log.addFilter(NoHealthChecks())

logger_class = Own
accesslog = "-"
`;
  const server = await started(scene, config);
  await getText(server.target, '/health');
  await getText(server.target, '/page');
  await server.stdout.waitFor(/"GET \/page HTTP\/1\.1" 200 5 /);
  assert.doesNotMatch(server.log.text(), /GET \/health/);
});

scenario('a filter without effect, because the gateway writes the access log, is reported', async (scene) => {
  const config = 'import logging\nlogging.getLogger("gunicorn.access").addFilter(lambda record: False)\n';
  const server = await started(scene, config, ['--access-logfile', '-']);
  await server.waitForLog(/\[WARNING\] The filters on the logger gunicorn\.access see no requests: /);
  await getText(server.target, '/page');
  await server.stdout.waitFor(/"GET \/page HTTP\/1\.1" 200 5 /);
  scene.write('gunicorn.conf.py', AS_JSON);
  const count = server.log.count(/see no requests/);
  server.signal('SIGHUP');
  await server.waitForLog(generationServing(2));
  assert.equal(server.log.count(/see no requests/), count);
});

scenario("a user's access() is called after each request, whatever the setting accesslog is", async (scene) => {
  const config = `
from gunicorn.glogging import Logger

class Own(Logger):
    def access(self, resp, req, environ, request_time):
        self.info("%s %s: %s, %d bytes, %s", req.method, req.path, resp.status, resp.sent, request_time.total_seconds() >= 0)

logger_class = Own
`;
  const server = await started(scene, config);
  await getText(server.target, '/page?x=1');
  await server.waitForLog(/\[INFO\] GET \/page: 200 OK, 5 bytes, True$/m);
});

scenario('a logger class may be given by its import path, and pass everything to another library', async (scene) => {
  // As for loguru: a single handler that passes each record on.
  const interceptor = `
import logging
from gunicorn.glogging import Logger

class InterceptHandler(logging.Handler):
    def emit(self, record):
        print(f"intercepted | {record.levelname} | {record.name} | {record.getMessage()}", flush=True)

class StubbedGunicornLogger(Logger):
    def setup(self, cfg):
        handler = InterceptHandler()
        self.error_logger = logging.getLogger("gunicorn.error")
        self.error_logger.handlers = [handler]
        self.access_logger = logging.getLogger("gunicorn.access")
        self.access_logger.handlers = [handler]
        self.error_log.setLevel("INFO")
        self.access_log.setLevel("INFO")
`;
  const server = await scene.tunicorn({
    app: 'logging_app:application',
    files: { 'logging_app.py': application, 'interceptor.py': interceptor },
    args: ['--logger-class', 'interceptor.StubbedGunicornLogger', '--access-logfile', '-'],
  });
  await getText(server.target, '/page');
  await server.stdout.waitFor(/^intercepted \| INFO \| gunicorn\.access \| .*"GET \/page HTTP\/1\.1" 200 5/m);
  await server.stdout.waitFor(/^intercepted \| INFO \| gunicorn\.error \| Booting worker/m);
  await server.stdout.waitFor(/^intercepted \| INFO \| gunicorn\.error \| Listening at/m);
});

scenario("an application's logger that uses the handlers writes to the same log", async (scene) => {
  const server = await started(scene, AS_JSON);
  await getText(server.target, '/logger');
  const said = await eventually('the line', () => entries(server).find(({ logger }) => logger === 'application'));
  assert.equal(said.text, "from the application's logger");
  assert.equal(said.level, 'WARNING');
});

for (const [what, config] of [
  ['by default', ''],
  ['with a logger class', AS_JSON.replace('accesslog = "-"', '')],
] as const) {
  scenario(`text written to wsgi.errors is unchanged, ${what}`, async (scene) => {
    const server = await started(scene, config);
    await getText(server.target, '/errors');
    await server.waitForLog(/^to wsgi\.errors$/m);
  });

  scenario(`after USR1 every process continues in new files, ${what}`, async (scene) => {
    const names = ['error.log', 'access.log'];
    const [errors = '', access = ''] = names.map((name) => scene.path(name));
    const files = { 'logging_app.py': application, 'gunicorn.conf.py': config };
    const args = ['--error-logfile', 'error.log', '--access-logfile', 'access.log'];
    const server = await scene.launch({ app: 'logging_app:application', files, args });
    await eventually('the start', () => has(errors, /Generation 1 is serving/));
    await getText(server.target, '/raise?before').catch(() => {});
    await eventually('its line', () => has(access, /raise\?before/));
    for (const path of [errors, access]) renameSync(path, `${path}.1`);
    server.signal('SIGUSR1');
    // The worker reopens when it gets the signal; until then its lines go to the old file.
    await eventually('lines of everybody in the new files', async () => {
      await request(server.target, '/raise?after');
      return has(access, /raise\?after/) && has(errors, /the application is wrong/);
    });
    // A process that has logged this has only the new files open.
    const size = statSync(`${errors}.1`).size + statSync(`${access}.1`).size;
    server.signal('SIGHUP');
    await eventually('lines of arbiter and workers in the new file', () => {
      return has(errors, /Hang up: Arbiter/) && has(errors, /Generation 2 is serving/) && has(errors, /Worker exiting/);
    });
    assert.equal(statSync(`${errors}.1`).size + statSync(`${access}.1`).size, size);
  });
}

scenario(
  "with capture_output, the application's output lands in the error log, also after a rotation",
  async (scene) => {
    const errors = scene.path('error.log');
    const files = { 'logging_app.py': application };
    const server = await scene.launch({
      app: 'logging_app:application',
      files,
      args: ['--error-logfile', 'error.log', '--capture-output'],
      env: { PYTHONUNBUFFERED: undefined },
    });
    await eventually('the start', () => has(errors, /Generation 1 is serving/));
    await getText(server.target, '/print');
    await eventually('the output', () => has(errors, /printed to stdout/) && has(errors, /printed to stderr/));
    renameSync(errors, `${errors}.1`);
    server.signal('SIGUSR1');
    await eventually('the output in the new file', async () => {
      await getText(server.target, '/print');
      return has(errors, /printed to stdout/) && has(errors, /printed to stderr/);
    });
    assert.equal(server.log.text(), '');
  },
);

const SPELLINGS = ['gunicorn.glogging:Logger', 'egg:gunicorn#simple', 'again.Logger', 'again:Own'];

for (const name of SPELLINGS) {
  scenario(`--logger-class ${name}: each request has one line in the access log`, async (scene) => {
    const server = await scene.tunicorn({
      app: 'logging_app:application',
      files: {
        'logging_app.py': application,
        'again.py': 'from gunicorn.glogging import Logger\n\n\nclass Own(Logger):\n    pass\n',
      },
      args: ['--logger-class', name, '--access-logfile', '-'],
    });
    await getText(server.target, '/one');
    await getText(server.target, '/two');
    await server.waitForLog(/"GET \/two HTTP\/1\.1" 200/);
    await server.stop();
    assert.equal(server.log.count(/"GET \/one HTTP\/1\.1" 200/), 1);
    assert.equal(server.log.count(/"GET \/two HTTP\/1\.1" 200/), 1);
  });
}

scenario('a logger class that cannot be imported ends the start with 1 and one line that names it', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--logger-class', 'no.such.Logger'] });
  assert.equal(code, 1);
  assert.equal(text.trim(), "Error: logger_class: cannot import 'no.such.Logger': No module named 'no'");
});

scenario('a logger class that fails ends the start with 1 and one line that says where', async (scene) => {
  const config = `
from gunicorn.glogging import Logger

class Own(Logger):
    def setup(self, cfg):
        super().setup(cfg)
        self.nothing.there

logger_class = Own
`;
  const app = readFileSync(appFile('hello'), 'utf8');
  const { code, text } = await scene.run({ app: 'hello', files: { 'hello.py': app, 'gunicorn.conf.py': config } });
  assert.equal(code, 1);
  assert.match(
    text.trim(),
    /^Error: logger_class: AttributeError in .*gunicorn\.conf\.py, line 7: 'Own' object has no attribute 'nothing'$/,
  );
});

scenario('the last lines of a stop come through the logger', async (scene) => {
  const server = await started(scene, AS_JSON);
  await getText(server.target, '/page');
  await server.stop();
  const texts = entries(server).map(({ text }) => text);
  assert.ok(texts.includes('Handling signal: term'));
  assert.ok(texts.some((text) => text.startsWith('Worker exiting')));
});

const forms: readonly (readonly [string, readonly string[]])[] = [
  ['by default', []],
  ['with log_format json', ['--log-format', 'json']],
];

for (const [what, args] of forms) {
  scenario(`syslog gets the lines of workers once, beside the error log, ${what}`, async (scene) => {
    const receiver = await udpReceiver(scene);
    const syslog = ['--log-syslog', '--log-syslog-to', `udp://${receiver.address}`];
    const files = { 'logging_app.py': application };
    const server = await scene.tunicorn({ app: 'logging_app:application', files, args: [...syslog, ...args] });
    const [worker] = server.workerPids();
    const booting = new RegExp(
      `^<14>gunicorn\\.logging_app\\.application\\.error: \\[${worker}\\] Booting worker with pid: ${worker}\\0$`,
    );
    await receiver.waitFor(booting);
    await getText(server.target, '/raise').catch(() => {});
    await receiver.waitFor(
      /^<11>gunicorn\.logging_app\.application\.error: \[\d+\] Error handling request GET \/raise\n/,
    );
    await server.stop();
    await receiver.waitFor(/\] Shutting down: Arbiter\0$/);
    assert.equal(receiver.count(booting), 1);
    assert.match(server.log.text(), /Booting worker with pid/);
    const worded = server.log.lines.filter((line) => line.includes('Booting worker'));
    assert.deepEqual(
      worded.map((line) => line.startsWith('{')),
      [args.length > 0],
    );
  });
}

scenario('with a logger class, syslog gets the lines of every process and the access log, each once', async (scene) => {
  const receiver = await udpReceiver(scene);
  const syslog = ['--log-syslog', '--log-syslog-to', `udp://${receiver.address}`];
  const config = 'from gunicorn.glogging import Logger\n\nclass logger_class(Logger):\n    pass\n';
  const server = await started(scene, config, syslog);
  await getText(server.target, '/page');
  const access =
    /^<14>gunicorn\.logging_app\.application\.access: \[\d+\] 127\.0\.0\.1 - - .*"GET \/page HTTP\/1\.1" 200 5/;
  await receiver.waitFor(access);
  const starting = new RegExp(
    `^<14>gunicorn\\.logging_app\\.application\\.error: \\[${server.pid}\\] Starting tunicorn`,
  );
  await receiver.waitFor(starting);
  await getText(server.target, '/last');
  await receiver.waitFor(/GET \/last/);
  assert.deepEqual([receiver.count(access), receiver.count(starting)], [1, 1]);
});

scenario('a reload applies a new logger class', async (scene) => {
  const server = await started(scene, '');
  await server.waitForLog(/\[INFO\] Generation 1 is serving/);
  scene.write('gunicorn.conf.py', AS_JSON);
  server.signal('SIGHUP');
  await server.waitForLog(generationServing(2));
  await getText(server.target, '/page');
  await accessOf(server, '/page');
  scene.write('gunicorn.conf.py', '');
  server.signal('SIGHUP');
  await server.waitForLog(/^\[.*\[INFO\] Generation 3 is serving/m);
});

function has(path: string, pattern: RegExp): boolean {
  return existsSync(path) && pattern.test(readFileSync(path, 'utf8'));
}
