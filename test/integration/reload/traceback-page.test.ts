// With the setting reload, an application that cannot be imported is a page with the traceback until it is fixed.

import assert from 'node:assert/strict';
import { field } from '../../harness/clients/http-connection.ts';
import { request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';
import { APP, changesText, files, serves, textIs } from './edited-app.ts';

const broken: readonly (readonly [what: string, text: string, page: RegExp])[] = [
  ['does not parse', 'TEXT = = 1\n', /^Traceback[\s\S]*text\.py", line 1\n[\s\S]*SyntaxError: /],
  ['raises', 'raise RuntimeError("not so")\n', /^Traceback[\s\S]*RuntimeError: not so\n$/],
  [
    'imports a missing module',
    'import no_such_module\n',
    /ModuleNotFoundError: No module named 'no_such_module' \(the interpreter is .*\)\n$/,
  ],
  ['calls sys.exit', 'import sys\nsys.exit("no")\n', /sys\.exit\('no'\)/],
];

for (const [what, text, page] of broken) {
  for (const preload of [false, true]) {
    const args = ['--reload', '--workers', '2', ...(preload ? ['--preload'] : [])];
    const name = preload ? ', with --preload' : '';

    scenario(
      `a module that ${what} is a page with the traceback from the first start on, until it is fixed${name}`,
      async (scene) => {
        const server = await scene.tunicorn({ app: 'app', args, files: { ...files, 'text.py': text } });
        for (let round = 0; round < 2; round += 1) {
          const response = await eventually('the page', async () => {
            const answer = await request(server.target, '/');
            return answer.status === 500 && page.test(answer.body.toString()) && answer;
          });
          assert.match(field(response, 'Content-Type') ?? '', /^text\/plain/);
          await changesText(scene, server, 'mended');
          scene.write('text.py', text);
        }
      },
      onlyTunicorn,
    );
  }
}

scenario(
  'an application that its module lacks is a page with the traceback, too',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'app', args: ['--reload'], files: { ...files, 'app.py': '' } });
    const response = await request(server.target, '/');
    assert.equal(response.status, 500);
    assert.match(response.body.toString(), /Failed to find attribute 'application' in 'app'\./);
    scene.write('app.py', APP);
    await serves(server, 'first');
  },
  onlyTunicorn,
);

scenario(
  'creating the module whose absence broke the application brings it back',
  async (scene) => {
    const app = { ...files, 'text.py': 'from shop.words import TEXT\n' };
    const server = await scene.tunicorn({ app: 'app', args: ['--reload'], files: app });
    assert.equal((await request(server.target, '/')).status, 500);
    scene.write('shop/words.py', textIs('found'));
    await serves(server, 'found');
  },
  onlyTunicorn,
);
