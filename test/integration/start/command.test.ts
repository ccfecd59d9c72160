// The command line: forms of the application, where it is imported from, and how the command refuses.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getText } from '../../harness/clients/http-request.ts';
import { within } from '../../harness/deadline.ts';
import { LineLog } from '../../harness/line-log.ts';
import { bootingWorker, listening } from '../../harness/log-lines.ts';
import { appFolder, otherServer, root } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';

const greeting = (text: string): string =>
  `def application(environ, start_response):\n    start_response("200 OK", [("Content-Length", "${text.length}")])\n    return [b"${text}"]\n`;

const forms: readonly (readonly [app: string, answer: string])[] = [
  ['forms', 'application'],
  ['forms:application', 'application'],
  ['forms:other', 'other'],
  ['forms:holder.inner.app', 'dotted'],
  ['forms:create_app()', 'created for dev, debug=True'],
  ['forms:create_app("prod", debug=False)', 'created for prod, debug=False'],
  ["forms:create_app(stage='it''s', debug=[1, {'a': None}])", "created for its, debug=[1, {'a': None}]"],
];

for (const [app, answer] of forms) {
  scenario(`the command serves ${app}`, async (scene) => {
    const server = await scene.tunicorn({ app });
    assert.equal(await getText(server.target), answer);
  });
}

scenario('the command serves the hello example', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', chdir: join(root, 'examples') });
  assert.equal(await getText(server.target), 'Hello, world!\n');
});

scenario(
  'npm start serves the hello example and says how to try it',
  async (scene) => {
    const port = await freePort();
    const child = spawn('npm', ['start', '--', '--bind', `127.0.0.1:${port}`], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    scene.defer(async () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await within('npm start to end', exited);
    });
    const exited = once(child, 'exit');
    const log = new LineLog();
    child.stdout.setEncoding('utf8').on('data', (text: string) => log.append(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => log.append(text));
    child.once('close', () => log.end());
    await log.waitFor(/curl .*http:\/\/127\.0\.0\.1:8000/);
    await log.waitFor(/Generation 1 is serving/);
    assert.equal(await getText({ host: '127.0.0.1', port }), 'Hello, world!\n');
  },
  { skip: otherServer && 'only for Tunicorn' },
);

scenario('the start logs the same lines as Gunicorn, in the same form', async (scene) => {
  const server = await scene.tunicorn({ app: 'hello', args: ['--workers', '2'] });
  const pids = await server.workers(2);
  const prefix = String.raw`^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[\d+\] \[INFO\] `;
  const expected = [
    String.raw`Starting (tunicorn|gunicorn) \d+\.\d+\.\d+$`,
    String.raw`Listening at: http://127\.0\.0\.1:\d+ \(${server.pid}\)$`,
    'Using worker: sync$',
    ...pids.map((pid) => `Booting worker with pid: ${pid}$`),
  ];
  for (const line of expected) assert.match(server.log.text(), new RegExp(prefix + line, 'm'));
  const listens = server.log.positions(listening)[0] ?? Number.POSITIVE_INFINITY;
  const boots = server.log.positions(bootingWorker)[0] ?? -1;
  assert.ok(listens < boots, 'the sockets are bound before workers boot');
});

scenario('--chdir makes its directory the current one, and importable', async (scene) => {
  scene.write('project/only_here.py', greeting('from the project'));
  const server = await scene.tunicorn({ app: 'only_here', chdir: scene.path('project') });
  assert.equal(await getText(server.target), 'from the project');
  const who = await scene.tunicorn({ app: 'who' });
  assert.equal(JSON.parse(await getText(who.target)).cwd, appFolder('who'));
});

scenario('the current directory is importable', async (scene) => {
  const server = await scene.tunicorn({ app: 'only_here', files: { 'only_here.py': greeting('current directory') } });
  assert.equal(await getText(server.target), 'current directory');
});

scenario('--pythonpath makes directories importable', async (scene) => {
  scene.write('first/one_app.py', `from second_part import application\n`);
  scene.write('second/second_part.py', greeting('from two directories'));
  const paths = `${scene.path('first')},${scene.path('second')}`;
  const server = await scene.tunicorn({ app: 'one_app', args: ['--pythonpath', paths], chdir: null });
  assert.equal(await getText(server.target), 'from two directories');
});

scenario('--env reaches the application', async (scene) => {
  const server = await scene.tunicorn({ app: 'who', args: ['--env', 'STAGE=a=b'] });
  assert.equal(JSON.parse(await getText(server.target)).stage, 'a=b');
});

scenario('an environment pair without = is refused by name', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--env', 'STAGE'] });
  assert.equal(code, 1);
  assert.match(text, /STAGE/);
});

scenario('--version prints name and version', async (scene) => {
  const { code, stdout } = await scene.run({ args: ['--version'], chdir: null });
  assert.equal(code, 0);
  assert.match(stdout, /^(tunicorn|gunicorn) \(version \d+\.\d+\.\d+\)$/m);
});

scenario('--help lists the settings', async (scene) => {
  const { code, stdout } = await scene.run({ args: ['--help'], chdir: null });
  assert.equal(code, 0);
  for (const flag of ['--bind', '--workers', '--graceful-timeout', '--max-requests-jitter', '--print-config']) {
    assert.ok(stdout.includes(flag), flag);
  }
});

scenario('an unknown flag is a usage error', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--wrokers', '2'] });
  assert.equal(code, 2);
  assert.match(text, /usage: /i);
  assert.match(text, /--wrokers/);
});

scenario('a flag with a value of the wrong type names the flag and the value', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--workers', 'many'] });
  assert.match(String(code), /^[12]$/); // argparse calls it a mistake in usage

  assert.match(text, /workers/);
  assert.match(text, /many/);
});

scenario('a flag with a value out of range names the setting and the value', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--timeout=-3'] });
  assert.equal(code, 1);
  assert.match(text, /-3/);
  if (!otherServer) assert.match(text, /timeout/);
});

scenario('no application is an error', async (scene) => {
  const { code, text } = await scene.run({ chdir: null });
  assert.equal(code, 1);
  assert.match(text, /No application module specified/);
});

scenario('a --chdir that does not exist is an error that names it', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', chdir: scene.path('nowhere') });
  assert.equal(code, 1);
  assert.match(text, /nowhere/);
});

const unloadable: readonly (readonly [app: string, code: number, complaint: RegExp])[] = [
  ['crash_at_import', 3, /this module does not import/],
  ['no_such_module', 3, /No module named 'no_such_module'/],
  ['forms:missing', 4, /Failed to find attribute 'missing' in 'forms'/],
  ['forms:nothing', 4, /Failed to find application object/],
  ['forms:number', 4, /Application object must be callable/],
  ['forms:create_app(1, 2, 3)', 4, /create_app\(\)/],
  ['forms:create_app(open("x"))', 4, /literal/],
  ['forms:1+', 4, /Failed to parse/],
  ['forms:', 4, /Failed to parse '' as an attribute name/],
];

for (const [app, code, complaint] of unloadable) {
  scenario(`${app} ends the first start with ${code} and the reason`, async (scene) => {
    const server = await scene.launch({ app, args: ['--workers', '2'] });
    const end = await server.ended();
    assert.equal(end.code, code);
    assert.match(end.text, complaint);
    await server.nothingLeft();
  });

  scenario(`${app} ends the first start with --preload, too`, async (scene) => {
    const server = await scene.launch({ app, args: ['--preload'] });
    const end = await server.ended();
    assert.notEqual(end.code, 0);
    assert.match(end.text, complaint);
    await server.nothingLeft();
  });
}

scenario('a crash at import logs the traceback', async (scene) => {
  const { text } = await scene.run({ app: 'crash_at_import' });
  assert.match(text, /Traceback \(most recent call last\)/);
  assert.match(text, /crash_at_import\.py", line 3/);
  assert.match(text, /Worker failed to boot/);
});

scenario(
  'an application that exits while it is imported ends the first start',
  async (scene) => {
    const server = await scene.launch({ app: 'exit_at_import' });
    const end = await server.ended();
    assert.equal(end.code, 3);
    await server.nothingLeft();
  },
  { skip: otherServer && 'Gunicorn tries forever' },
);

scenario('--check-config is silent and exits 0 for a good application', async (scene) => {
  const { code, text } = await scene.run({ app: 'hello', args: ['--check-config'] });
  assert.deepEqual({ code, text }, { code: 0, text: '' });
});

scenario('--check-config exits 1 with the traceback of a broken application', async (scene) => {
  const { code, text } = await scene.run({ app: 'crash_at_import', args: ['--check-config'] });
  assert.equal(code, 1);
  assert.match(text, /Error while loading the application/);
  assert.match(text, /this module does not import/);
});

scenario('--check-config exits 1 for an application with no name after the colon', async (scene) => {
  const { code, text } = await scene.run({ app: 'forms:', args: ['--check-config'] });
  assert.equal(code, 1);
  assert.match(text, /Failed to parse ''/);
  assert.doesNotMatch(text, /Traceback|^\s+at /m);
});

scenario(
  'a tmp_upload_dir that cannot be written is one clear line and exit 1',
  async (scene) => {
    const pidFile = scene.path('tunicorn.pid');
    // No user can create a directory there, not even root.
    const files = { 'gunicorn.conf.py': 'tmp_upload_dir = "/proc"\n' };
    const args = ['--pid', pidFile];
    const server = await scene.launch({ app: 'hello', listen: 'unix', args, files, chdir: appFolder('hello') });
    const { code, text } = await server.ended();
    assert.equal(code, 1);
    assert.doesNotMatch(text, /Traceback|Error: [A-Z]+:|^\s+at /m);
    const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.includes('[INFO]'));
    assert.equal(lines.length, 1, text);
    assert.match(lines[0] ?? '', /^Error: No folder for the spool directory: \/proc cannot be used \(\w[^)]*\)$/);
    await server.nothingLeft();
    assert.deepEqual([pidFile, scene.path('app.sock')].filter(existsSync), []);
  },
  { skip: otherServer && 'only for Tunicorn' },
);

scenario(
  'an unwritable worker_tmp_dir is replaced by another folder, and one line names it',
  async (scene) => {
    const files = { 'gunicorn.conf.py': 'worker_tmp_dir = "/proc"\n' };
    const server = await scene.tunicorn({ app: 'hello', files, chdir: appFolder('hello') });
    await server.waitForLog(/\[WARNING\] The runtime directory is in \/\S+: \/proc cannot be used \(\w[^)]*\)/);
    assert.equal(await getText(server.target), 'hello\n');
    assert.equal((await server.stop()).code, 0);
  },
  { skip: otherServer && 'only for Tunicorn' },
);

scenario(
  "--name is the arbiter's name in ps",
  async (scene) => {
    // From the settings file: a flag would be on the command line anyway.
    const files = { 'gunicorn.conf.py': 'proc_name = "bookshop"\n' };
    const server = await scene.tunicorn({ app: 'hello', files, chdir: appFolder('hello') });
    const title =
      readFileSync(`/proc/${server.pid}/cmdline`, 'utf8') + readFileSync(`/proc/${server.pid}/comm`, 'utf8');
    assert.match(title, /bookshop/);
  },
  { skip: otherServer && 'needs setproctitle' },
);

scenario('a current directory that has been removed is reported', async (scene) => {
  const launcher = ['sh', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$0" "$@"'];
  const { code, text } = await scene.run({ app: 'hello', launcher });
  assert.equal(code, 1);
  assert.equal(text.trim(), "Error: The current directory doesn't exist any more. Start in another one");
});
