// A real nginx in the network of a process, with a configuration that the official image would find in /etc/nginx/conf.d/.

import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { withMounts } from '../machine/mount-namespace.ts';
import { nginx } from '../machine/nginx.ts';
import type { Scene } from '../scenario.ts';
import { Server } from '../server.ts';
import { inNetworkOf, publishPort } from './container.ts';

/** The test of the configuration's syntax, then the server; its target is the published port 80. */
export async function startNginxContainer(
  scene: Scene,
  networkOf: number,
  configuration: string,
  hosts: readonly string[],
): Promise<Server> {
  const dir = scene.path('nginx');
  mkdirSync(dir);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const main = scene.write(
    'nginx/nginx.conf',
    `user root;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr notice;
events {}
http {
  access_log off;
  ${temporary.map((kind) => `${kind}_temp_path ${dir}/${kind};`).join('\n  ')}
  include ${configuration};
}
`,
  );
  const hostsFile = scene.write('nginx-hosts', `127.0.0.1 localhost ${hosts.join(' ')}\n`);
  const enter = [...inNetworkOf(networkOf), ...withMounts(`mount --bind ${hostsFile} /etc/hosts`)];
  const [program = '', ...args] = [...enter, nginx.path, '-p', dir, '-e', 'stderr', '-c', main];
  const { status, stderr } = spawnSync(program, [...args, '-t'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`nginx -t: ${stderr}`);
  const socket = scene.path('nginx.sock');
  const server = new Server({
    command: [program, ...args, '-g', 'daemon off;'],
    cwd: dir,
    env: {},
    target: { path: socket },
  });
  scene.defer(async () => {
    // Killing it would leave its own processes behind.
    await server.stop().catch(() => undefined);
    await server.destroy();
  });
  await server.waitForLog(/start worker processes/);
  await publishPort(scene, networkOf, 80, socket);
  return server;
}
