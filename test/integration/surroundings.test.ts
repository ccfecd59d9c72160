// What surrounds an application: environment, import path, names, and the heartbeat file that recipes touch.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { eventually } from '../harness/deadline.ts';
import { getText, request } from '../harness/http-request.ts';
import { otherServer } from '../harness/project.ts';
import { type Scene, scenario } from '../harness/scenario.ts';

const onlyTunicorn = { skip: otherServer && 'only for Tunicorn' } as const;

/** Answers with the value of a Python expression as JSON. */
const telling = (expression: string): string =>
  `import json, os, sys\n\ndef application(environ, start_response):\n    body = json.dumps(${expression}).encode()\n` +
  '    start_response("200 OK", [("Content-Length", str(len(body)))])\n    return [body]\n';

scenario(
  'at a reload, variables of raw_env that are gone have their old values again',
  async (scene) => {
    const app = telling('[os.environ.get(name) for name in ("KEPT", "OVER", "ADDED", "FILE")]');
    const config = (pairs: string): string => `import os\nos.environ["FILE"] = "file"\nraw_env = ${pairs}\n`;
    const files = { 'app.py': app, 'gunicorn.conf.py': config('["OVER=new", "ADDED=new"]') };
    const server = await scene.tunicorn({ app: 'app', files, env: { KEPT: 'old', OVER: 'old', ADDED: undefined } });
    assert.equal(await getText(server.target), '["old", "new", "new", "file"]');
    scene.write('gunicorn.conf.py', config('["KEPT=new"]'));
    server.signal('SIGHUP');
    await eventually(
      'the new environment',
      async () => (await getText(server.target)) === '["new", "old", null, "file"]',
    );
  },
  onlyTunicorn,
);

scenario('the last entry of pythonpath comes first, and chdir after them', async (scene) => {
  const folders = ['one', 'two', 'three'].map((name) => scene.path(name));
  for (const folder of folders) mkdirSync(folder);
  const files = { 'app.py': telling('sys.path[:4]'), 'three/app.py': telling('"of three"') };
  const first = await scene.tunicorn({ app: 'app', args: ['--pythonpath', folders.slice(0, 2).join(',')], files });
  const [two, one, dir] = folders.slice(0, 2).reverse().concat(scene.dir);
  assert.deepEqual(JSON.parse(await getText(first.target)).slice(0, 3), [two, one, dir]);
  const second = await scene.tunicorn({ app: 'app', args: ['--pythonpath', folders.join(',')], files });
  assert.equal(await getText(second.target), '"of three"');
});

const names: readonly (readonly [what: string, args: readonly string[], file: string, name: RegExp])[] = [
  ['the application that the command line names', ['app'], '', /^default_proc_name += app$/m],
  ['a word of its own where the file names the application', [], 'wsgi_app = "app"\n', /^default_proc_name += \w+$/m],
  ['what the file says', [], 'wsgi_app = "app"\ndefault_proc_name = "shop"\n', /^default_proc_name += shop$/m],
];

for (const [what, args, file, name] of names) {
  scenario(`default_proc_name is ${what}`, async (scene) => {
    const files = { 'app.py': telling('1'), 'gunicorn.conf.py': file };
    const { code, stdout } = await scene.run({ args: ['--print-config', ...args], files });
    assert.equal(code, 0);
    assert.match(stdout, name);
    if (args.length === 0 && !file.includes('default')) assert.doesNotMatch(stdout, /^default_proc_name += app$/m);
  });
}

scenario(
  'worker.tmp is a file in worker_tmp_dir for those who ask for it, and costs nothing else',
  async (scene) => {
    const config =
      'import os, sys\n\n' +
      'def post_fork(server, worker):\n' +
      '    worker.tmp.notify()\n' +
      '    before = os.listdir(server.cfg.worker_tmp_dir)\n' +
      '    path = os.readlink(f"/proc/self/fd/{worker.tmp.fileno()}")\n' +
      '    print("heartbeat", path, worker.tmp.last_update() > 0, before == os.listdir(server.cfg.worker_tmp_dir), flush=True)\n';
    mkdirSync(scene.path('beats'));
    const files = { 'app.py': telling('1'), 'gunicorn.conf.py': config };
    const server = await scene.tunicorn({ app: 'app', args: ['--worker-tmp-dir', 'beats'], files });
    const [, path] = await server.waitForLog(/^heartbeat (\S+) \(deleted\) True True$/);
    assert.ok(path?.startsWith(`${scene.path('beats')}/`), path);
    await server.stop();
    assert.deepEqual(readdirSync(scene.path('beats')), []);
  },
  onlyTunicorn,
);

scenario('a worker_tmp_dir that does not exist is an error that names it', async (scene) => {
  const { code, text } = await scene.run({
    app: 'app',
    args: ['--worker-tmp-dir', 'nowhere'],
    files: { 'app.py': '' },
  });
  assert.equal(code, 1);
  assert.match(text, /^Error: .*nowhere/m);
});

const wrapper = telling('environ["wsgi.file_wrapper"].__name__');
const sendfile: readonly (readonly [
  args: readonly string[],
  file: string,
  variable: string | undefined,
  on: boolean,
])[] = [
  [[], '', undefined, true],
  [['--no-sendfile'], '', undefined, false],
  [[], 'sendfile = True\n', 'no', true],
  [[], 'sendfile = False\n', 'yes', false],
  [[], '', 'no', false],
  [[], '', 'Yes', true],
  [[], 'raw_env = ["SENDFILE=0"]\n', undefined, false],
];

for (const [args, file, variable, on] of sendfile) {
  const given = [...args, file.trim(), variable === undefined ? '' : `SENDFILE=${variable}`].filter(Boolean).join(' ');
  scenario(
    `sendfile is ${on ? 'on' : 'off'} with ${given || 'nothing said'}`,
    async (scene) => {
      const files = { 'app.py': wrapper, 'gunicorn.conf.py': file };
      const server = await scene.tunicorn({ app: 'app', args, files, env: { SENDFILE: variable } });
      assert.equal(await getText(server.target), on ? '"FileWrapper"' : '"ReadFileWrapper"');
    },
    onlyTunicorn,
  );
}

for (const args of [[], ['--no-sendfile']]) {
  scenario(
    `a large file arrives whole, and from where it stands, ${args[0] ?? 'with sendfile'}`,
    async (scene) => {
      const content = largeFile(scene);
      const env = { SENT_FILE: scene.path('file') };
      const server = await scene.tunicorn({ app: 'file_wrapper', args: [...args, '--access-logfile', '-'], env });
      const whole = await request(server.target, '/whole');
      assert.ok(whole.body.equals(content));
      const part = await request(server.target, '/offset');
      assert.equal(part.status, 206);
      assert.ok(part.body.equals(content.subarray(1000)));
      assert.equal((await request(server.target, '/whole', { method: 'HEAD' })).body.length, 0);
      // The log counts what the kernel has sent, too.
      await server.waitForLog(new RegExp(`"GET /whole HTTP/1.1" 200 ${content.length} `));
    },
    onlyTunicorn,
  );
}

function largeFile(scene: Scene): Buffer {
  const content = Buffer.alloc(5_000_003);
  for (let at = 0; at + 4 <= content.length; at += 4) content.writeUInt32LE(at, at);
  writeFileSync(scene.path('file'), content);
  return content;
}
