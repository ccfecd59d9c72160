// --user, --group and --umask: the rights of the workers. Only root can use the first two.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync } from 'node:fs';
import { getText } from '../../harness/clients/http-request.ts';
import { appFile } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const isRoot = process.getuid?.() === 0;
const nobody = isRoot ? idOf('-u') : undefined;
const nogroup = isRoot ? idOf('-g') : undefined;
/** A Python that the user nobody may execute: not one below a private home directory. */
const systemPython = '/usr/bin/python3';
const skip = !isRoot ? 'only root can change the user' : !existsSync(systemPython) && `no ${systemPython}`;

for (const [user, group] of [
  ['nobody', undefined],
  [String(nobody), String(nogroup)],
] as const) {
  scenario(
    `workers run as --user ${user}${group === undefined ? '' : ` --group ${group}`}, the arbiter stays root`,
    async (scene) => {
      chmodSync(scene.dir, 0o755);
      cpSync(appFile('who'), scene.path('who.py'));
      const args = ['--python', systemPython, '--user', user, ...(group === undefined ? [] : ['--group', group])];
      const env = { VIRTUAL_ENV: undefined, PYTHONPATH: undefined };
      const server = await scene.tunicorn({ app: 'who', args, env, chdir: null, listen: 'unix' });
      const facts = JSON.parse(await getText(server.target));
      assert.equal(facts.uid, nobody);
      assert.equal(facts.gid, group === undefined ? 0 : nogroup);
      process.kill(facts.pid, 'SIGKILL');
      assert.equal(JSON.parse(await getText(server.target)).uid, nobody);
      assert.equal((await server.stop()).code, 0);
      await server.nothingLeft();
    },
    { skip },
  );
}

for (const flag of ['--user', '--group']) {
  scenario(`${flag} that does not exist is refused by name`, async (scene) => {
    const { code, text } = await scene.run({ app: 'hello', args: [flag, 'no-such-one'] });
    assert.equal(code, 1);
    assert.match(text, /No such (user|group): '?no-such-one/);
  });
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
}
