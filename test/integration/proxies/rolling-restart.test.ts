// Two instances behind nginx, with the upstream of docs/proxies.md, are restarted one by one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from '../../harness/clients/http-connection.ts';
import { Load } from '../../harness/clients/load.ts';
import { startProxy } from '../../harness/machine/front-proxy.ts';
import { nginx } from '../../harness/machine/nginx.ts';
import { root } from '../../harness/project.ts';
import { freePort, onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const page = readFileSync(join(root, 'docs', 'proxies.md'), 'utf8');

scenario(
  'two instances behind nginx are restarted one by one, and no client notices',
  async (scene) => {
    const ports = [await freePort(), await freePort()];
    const instances = [];
    for (const port of ports) instances.push(await startInstance(scene, port));
    const load = new Load(await startNginx(scene, ports), {
      keepAliveClients: 4,
      pauseMs: 5,
      request: () => ({ path: '/' }),
      check: () => undefined,
    });
    for (const round of [1, 2]) {
      for (const [index, port] of ports.entries()) {
        await load.answeredMore(20);
        await instances[index]?.stop();
        // Without this instance, each client meets its refused connections.
        await load.answeredMore(20);
        instances[index] = await startInstance(scene, port);
      }
      assert.deepEqual(load.soFar().complaints, [], `round ${round}`);
    }
    const { failed, wrong } = await load.stop();
    assert.deepEqual({ failed, wrong }, { failed: 0, wrong: 0 });
  },
  { skip: onlyTunicorn.skip || nginx.skip },
);

async function startInstance(scene: Scene, port: number): Promise<Server> {
  const target = { host: '127.0.0.1', port };
  return await scene.tunicorn({ app: 'echo', listen: 'none', target, args: ['--bind', `127.0.0.1:${port}`] });
}

async function startNginx(scene: Scene, ports: readonly number[]): Promise<Target> {
  const target = { host: '127.0.0.1', port: await freePort() };
  const location = blockWith('proxy_pass http://mysite;')
    .replace(/^upstream [\s\S]*?^}\n/m, '')
    .replace('listen 80', `listen 127.0.0.1:${target.port}`)
    .replace('proxy_set_header Host', `${blockWith('proxy_next_upstream').trim()}\n        proxy_set_header Host`);
  const upstream = blockWith('max_fails=0')
    .replace('10.0.0.5:8000', `127.0.0.1:${ports[0]}`)
    .replace('10.0.0.6:8000', `127.0.0.1:${ports[1]}`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const path = scene.write(
    'nginx.conf',
    `worker_processes 1;
pid nginx.pid;
error_log stderr crit;
events {}
http {
access_log off;
${temporary.map((kind) => `${kind}_temp_path nginx-${kind};`).join('\n')}
${upstream}
${location}
}
`,
  );
  const user = process.getuid?.() === 0 ? ' user root;' : '';
  await startProxy(scene, nginx, ['-p', scene.dir, '-c', path, '-g', `daemon off;${user}`], target);
  return target;
}

/** The first configuration of nginx on the page that has this text. */
function blockWith(text: string): string {
  const blocks = [...page.matchAll(/^```nginx\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  const found = blocks.find((block) => block.includes(text));
  assert.ok(found !== undefined, `docs/proxies.md has no configuration of nginx with ${text}`);
  return found;
}
