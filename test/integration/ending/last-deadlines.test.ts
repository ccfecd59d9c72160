// No stopped or hanging part of a server prevents its end, or a reload.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';
import type { Family } from '../../harness/server.ts';

const HANG = 'import time\ndef _hang(*args):\n    time.sleep(3600)\n';
const ARGS = ['--workers', '2', '--graceful-timeout', '1'] as const;

const STOPPED: readonly (readonly [who: string, pids: (family: Family) => readonly number[], config: string])[] = [
  ['the forkserver', ({ forkservers }) => forkservers, ''],
  ['a forkserver with on_exit', ({ forkservers }) => forkservers, 'def on_exit(server):\n    pass\n'],
  ['workers and gateway', ({ workers, gateways }) => [...workers, ...gateways], ''],
];

for (const [who, pids, config] of STOPPED) {
  scenario(
    `TERM ends a server even if SIGSTOP has stopped ${who}`,
    async (scene) => {
      const server = await scene.tunicorn({
        app: 'hello',
        args: [...ARGS, '-c', scene.write('conf.py', config)],
      });
      await server.workers(2);
      for (const pid of pids(server.family())) process.kill(pid, 'SIGSTOP');
      assert.equal((await server.stop()).code, 0);
      await server.nothingLeft();
    },
    onlyTunicorn,
  );
}

const HANGING: readonly (readonly [hook: string, parameters: string, before: NodeJS.Signals | null])[] = [
  ['on_exit', 's', null],
  ['child_exit', 's, w', null],
  // Not at the start.
  ['nworkers_changed', 's, n, o', 'SIGTTIN'],
  ['pre_exec', 's', 'SIGUSR2'],
];

for (const [hook, parameters, before] of HANGING) {
  scenario(
    `a server ends even if its hook ${hook} hangs`,
    async (scene) => {
      const when = hook === 'nworkers_changed' ? 'if o is not None: ' : '';
      const text = `${HANG}def ${hook}(${parameters}):\n    ${when}_hang()\n`;
      const server = await scene.tunicorn({ app: 'hello', args: [...ARGS, '-c', scene.write('conf.py', text)] });
      await server.workers(2);
      if (before !== null) server.signal(before);
      assert.equal((await server.stop()).code, 0);
      await server.nothingLeft();
    },
    onlyTunicorn,
  );
}

scenario(
  'a reload replaces a generation even if SIGSTOP has stopped its forkserver',
  async (scene) => {
    // With a hook, the new generation asks the old forkserver for its state.
    const config = scene.write('conf.py', 'def on_reload(server):\n    pass\n');
    const server = await scene.tunicorn({ app: 'hello', args: [...ARGS, '-c', config] });
    await server.workers(2);
    const { forkservers, workers } = server.family();
    for (const pid of forkservers) process.kill(pid, 'SIGSTOP');
    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    await eventually('what was stopped to be gone', () => [...forkservers, ...workers].every((pid) => !isAlive(pid)));
    assert.equal(await getText(server.target), 'hello\n');
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);

scenario(
  'a forkserver that SIGSTOP has stopped is replaced when a worker is missing',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'hello', args: [...ARGS, '--timeout', '1'] });
    const [worker = 0] = await server.workers(2);
    const { forkservers } = server.family();
    for (const pid of forkservers) process.kill(pid, 'SIGSTOP');
    server.signal('SIGTTIN');
    await server.waitForLog(generationServing(2));
    await eventually('the old generation to be gone', () => [...forkservers, worker].every((pid) => !isAlive(pid)));
    assert.equal(await getText(server.target), 'hello\n');
  },
  onlyTunicorn,
);

scenario(
  'a reload that hangs in the configuration file is replaced by the next one, and does not delay TERM',
  async (scene) => {
    const good = 'workers = 1\n';
    const config = scene.write('conf.py', good);
    const server = await scene.tunicorn({ app: 'hello', args: ['-c', config] });
    const hanging = async (): Promise<number> => {
      const before = server.family().forkservers;
      scene.write('conf.py', `${HANG}open(${JSON.stringify(scene.path('hangs'))}, "a").write("!")\n_hang()\n`);
      server.signal('SIGHUP');
      return await eventually('another forkserver', () =>
        server.family().forkservers.find((pid) => !before.includes(pid)),
      );
    };
    const first = await hanging();
    scene.write('conf.py', good);
    server.signal('SIGHUP');
    await server.waitForLog(/Generation \d is serving/, server.log.lines.length);
    await eventually('the one that hangs to be gone', () => !isAlive(first));
    await hanging();
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  onlyTunicorn,
);
