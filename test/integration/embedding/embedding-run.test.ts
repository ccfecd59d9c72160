// tunicorn.run(), `python -m tunicorn` and `python -m gunicorn`.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { otherServer, venvPython } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';

const options = { skip: otherServer && 'only for Tunicorn' } as const;

const shop = (text: string): string => `
def application(environ, start_response):
    start_response('200 OK', [('Content-Length', '${text.length}')])
    return [b'${text}']
`;

for (const [what, app] of [
  ['an application', 'shop.application'],
  ['the name of an application', "'shop:application'"],
] as const) {
  scenario(
    `tunicorn.run() serves ${what}, with keywords for settings, and runs the program again at SIGHUP`,
    async (scene) => {
      const port = await freePort();
      const server = await scene.program({
        args: ['serve.py', 'ignored', '--workers', '9'],
        files: {
          'shop.py': shop('one'),
          'serve.py': `import shop, tunicorn\ntunicorn.run(${app}, bind='127.0.0.1:${port}', workers=2)\n`,
        },
        target: { host: '127.0.0.1', port },
      });
      await server.ready();
      await server.workers(2);
      assert.equal(await getText(server.target), 'one');
      scene.write('shop.py', shop('another'));
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(2));
      assert.equal(await getText(server.target), 'another');
    },
    options,
  );
}

scenario(
  'tunicorn.run(config=...) reads that file, and keywords override it',
  async (scene) => {
    const port = await freePort();
    const server = await scene.program({
      args: ['serve.py'],
      files: {
        'shop.py': shop('configured'),
        'settings.py': `workers = 3\nbind = '127.0.0.1:${port}'\n`,
        'serve.py': "import tunicorn\ntunicorn.run('shop', config='settings.py', workers=1)\n",
      },
      target: { host: '127.0.0.1', port },
    });
    await server.ready();
    await server.workers(1);
    assert.equal(await getText(server.target), 'configured');
  },
  options,
);

for (const [call, message] of [
  [
    'tunicorn.run(app, worker=2)',
    /^TypeError: tunicorn\.run\(\) got 'worker', which is not a setting; did you mean 'workers'\?$/m,
  ],
  ['tunicorn.run(17)', /^TypeError: tunicorn\.run\(\) wants an application or its name, not 17$/m],
  ['tunicorn.run(app, workers="many")', /^ValueError: .*many/m],
] as const) {
  scenario(
    `${call} reports the mistake`,
    async (scene) => {
      const files = { 'serve.py': `import tunicorn\ndef app(e, s): pass\n${call}\n` };
      const server = await scene.program({ args: ['serve.py'], files });
      const { code, text } = await server.ended();
      assert.equal(code, 1);
      assert.match(text, message);
    },
    options,
  );
}

for (const module of ['tunicorn', 'gunicorn', 'gunicorn.app.wsgiapp']) {
  scenario(
    `python -m ${module} is the command, with that Python`,
    async (scene) => {
      const port = await freePort();
      const args = module === 'gunicorn.app.wsgiapp' ? ['-c', `from ${module} import run; run()`] : ['-m', module];
      const server = await scene.program({
        args: [...args, 'shop', '-w2', '--bind', `127.0.0.1:${port}`],
        files: { 'shop.py': shop('by module') },
        env: { VIRTUAL_ENV: '/nowhere' },
        target: { host: '127.0.0.1', port },
      });
      await server.ready();
      assert.equal(await getText(server.target), 'by module');
      assert.match(server.log.text(), new RegExp(`Using Python \\S+ at ${venvPython} `));
    },
    options,
  );
}

scenario(
  'python -m tunicorn prints the help and the usage errors of the command',
  async (scene) => {
    const help = await scene.program({ args: ['-m', 'tunicorn', '--help'] });
    const printed = await help.ended();
    assert.equal(printed.code, 0);
    assert.match(printed.text, /usage: tunicorn \[OPTIONS\] \[APP_MODULE\]/);
    const wrong = await scene.program({ args: ['-m', 'tunicorn', '--nonsense'] });
    assert.equal((await wrong.ended()).code, 2);
  },
  options,
);
