// --reuse-port: several servers on one port.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { freePort, scenario } from '../../harness/scenario.ts';

scenario('two servers with --reuse-port share a port, and either can exit', async (scene) => {
  const port = await freePort();
  const options = (answer: string) =>
    ({
      app: answer,
      files: { [`${answer}.py`]: program(answer) },
      args: ['--reuse-port', '--bind', `127.0.0.1:${port}`],
      listen: 'none',
      target: { host: '127.0.0.1', port },
    }) as const;
  const first = await scene.tunicorn(options('first'));
  const second = await scene.tunicorn(options('second'));
  const answers = new Set<string>();
  await eventually('answers of both', async () => answers.add(await getText(first.target)).size === 2);
  await first.stop();
  for (let count = 0; count < 10; count += 1) assert.equal(await getText(second.target), 'second');
});

scenario('without it on both sides, the port is in use', async (scene) => {
  const port = await freePort();
  const bind = ['--bind', `127.0.0.1:${port}`];
  const target = { host: '127.0.0.1', port };
  await scene.tunicorn({ app: 'hello', args: ['--reuse-port', ...bind], listen: 'none', target });
  const { code, text } = await scene.run({ app: 'hello', args: bind });
  assert.equal(code, 1);
  assert.match(text, /Connection in use/);
});

function program(answer: string): string {
  return `def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "${answer.length}")])
    return [b"${answer}"]
`;
}
