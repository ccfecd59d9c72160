// logconfig, logconfig_dict and logconfig_json: applied as Gunicorn does, and refused with file and line where they are wrong.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { appFile } from '../../harness/project.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const INI = `[loggers]
keys=root, gunicorn.error, gunicorn.access

[handlers]
keys=console, file

[formatters]
keys=generic

[logger_root]
level=INFO
handlers=console

[logger_gunicorn.error]
level=INFO
handlers=console
propagate=0
qualname=gunicorn.error

[logger_gunicorn.access]
level=INFO
handlers=file
propagate=0
qualname=gunicorn.access

[handler_console]
class=StreamHandler
formatter=generic
args=(sys.stderr, )

[handler_file]
class=FileHandler
formatter=generic
args=('%(here)s/access.log', )

[formatter_generic]
format=mine~%(name)s~%(process)d~%(message)s
class=logging.Formatter
`;

const CONFIG = {
  version: 1,
  formatters: { mine: { format: 'mine~%(name)s~%(process)d~%(message)s' } },
  handlers: {
    console: { class: 'logging.StreamHandler', formatter: 'mine', stream: 'ext://sys.stderr' },
    file: { class: 'logging.FileHandler', formatter: 'mine', filename: 'access.log' },
  },
  root: { level: 'INFO', handlers: ['console'] },
  loggers: {
    'gunicorn.error': { level: 'INFO', handlers: ['console'], propagate: false },
    'gunicorn.access': { level: 'INFO', handlers: ['file'], propagate: false },
  },
};

const AS_DICT = `logconfig_dict = ${JSON.stringify(CONFIG).replaceAll('false', 'False')}\n`;

async function started(
  scene: Scene,
  files: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<Server> {
  const app = readFileSync(appFile('hello'), 'utf8');
  return await scene.tunicorn({ app: 'hello', files: { 'hello.py': app, ...files }, args });
}

const forms: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
  ['an ini file', { 'log.ini': INI }, ['--log-config', 'log.ini']],
  ['a JSON file', { 'log.json': JSON.stringify(CONFIG) }, ['--log-config-json', 'log.json']],
  ['a dict', { 'gunicorn.conf.py': AS_DICT }, []],
];

for (const [what, files, args] of forms) {
  scenario(`with ${what}, every process logs by it, and the access log is on`, async (scene) => {
    const server = await started(scene, files, args);
    await getText(server.target, '/page');
    const access = scene.path('access.log');
    const [worker] = server.workerPids();
    const line = await eventually('the access line', () => {
      const text = existsSync(access) ? readFileSync(access, 'utf8') : '';
      return text.endsWith('\n') && text;
    });
    assert.match(
      line,
      new RegExp(`^mine~gunicorn\\.access~${worker}~127\\.0\\.0\\.1 - - .* "GET /page HTTP/1\\.1" 200 `),
    );
    await server.waitForLog(new RegExp(`^mine~gunicorn\\.error~${server.pid}~Starting tunicorn`, 'm'));
    await server.waitForLog(new RegExp(`^mine~gunicorn\\.error~${worker}~Booting worker`, 'm'));
    assert.equal(server.log.lines.filter((text) => text !== '' && !text.startsWith('mine~')).join('\n'), '');
  });
}

const mistakes: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[], RegExp])[] = [
  ['a missing ini file', {}, ['--log-config', 'none.ini'], /^Error: log config 'none\.ini' not found$/],
  ['a missing JSON file', {}, ['--log-config-json', 'none.json'], /^Error: log config 'none\.json' not found$/],
  [
    'a torn JSON file',
    { 'log.json': '{"version": 1,\n oops' },
    ['--log-config-json', 'log.json'],
    /^Error: log config '.*\/log\.json', line 2: Expecting property name .*$/,
  ],
  [
    'a handler that cannot be created',
    { 'gunicorn.conf.py': AS_DICT.replace('access.log', '/nowhere/access.log') },
    [],
    /^Error: log config 'logconfig_dict': .*handler 'file': .*No such file or directory: '\/nowhere\/access\.log'$/,
  ],
];

for (const [what, files, args, wanted] of mistakes) {
  scenario(`${what} ends the start with 1 and one line`, async (scene) => {
    const app = readFileSync(appFile('hello'), 'utf8');
    const { code, text } = await scene.run({ app: 'hello', files: { 'hello.py': app, ...files }, args });
    assert.equal(code, 1);
    assert.match(text.trim(), wanted);
  });
}

scenario('a broken log configuration at a reload is logged, and everything stays as it was', async (scene) => {
  const server = await started(scene, { 'log.json': JSON.stringify(CONFIG) }, ['--log-config-json', 'log.json']);
  scene.write('log.json', '{"version": 1,\n oops');
  server.signal('SIGHUP');
  const [said] = await server.waitForLog(/mine~.*Generation 2 gave up: .*/);
  assert.match(said, /gave up: log config '.*log\.json', line 2: .*; generation 1 keeps serving$/);
  await getText(server.target, '/afterwards');
  const access = scene.path('access.log');
  await eventually('the line', () => existsSync(access) && readFileSync(access, 'utf8').includes('/afterwards'));
});

scenario('--check-config creates no log files', async (scene) => {
  const app = readFileSync(appFile('hello'), 'utf8');
  const files = { 'hello.py': app, 'gunicorn.conf.py': AS_DICT };
  const { code } = await scene.run({ app: 'hello', files, args: ['--check-config'] });
  assert.equal(code, 0);
  assert.equal(existsSync(scene.path('access.log')), false);
});
