// A real PostgreSQL in the network of a process, set up by the variables of the official image.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../deadline.ts';
import { inCi } from '../project.ts';
import type { Scene } from '../scenario.ts';
import { Server } from '../server.ts';
import { inNetworkOf } from './container.ts';

const VERSIONS = '/usr/lib/postgresql';
const [newest] = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort().reverse() : [];
const binDir = join(VERSIONS, newest ?? 'none', 'bin');

/** For a test's option `skip`. */
export const noPostgres: string | false =
  newest === undefined && !inCi && 'PostgreSQL is missing: THIS TEST CANNOT RUN';

export interface Database {
  readonly user: string;
  readonly name: string;
  readonly password: string;
}

export async function startPostgres(
  scene: Scene,
  networkOf: number,
  database: Database,
  healthcheck: readonly string[],
): Promise<void> {
  const dir = scene.path('postgres');
  mkdirSync(dir);
  execFileSync('chmod', ['755', scene.dir]);
  execFileSync('chown', ['postgres', dir]);
  const [data, passwordFile] = [join(dir, 'data'), scene.write('postgres-password', database.password)];
  execFileSync('chmod', ['644', passwordFile]);
  const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'];
  const options = [`--username=${database.user}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '--no-sync'];
  run([...asPostgres, join(binDir, 'initdb'), ...options, data]);
  const [program = '', ...args] = [...inNetworkOf(networkOf), ...asPostgres, join(binDir, 'postgres')];
  const server = new Server({
    command: [program, ...args, '-D', data, '-k', dir, '-c', 'fsync=off'],
    cwd: dir,
    env: {},
    target: { path: join(dir, '.s.PGSQL.5432') },
  });
  scene.defer(() => server.destroy());
  await server.waitForLog(/ready to accept connections/);
  const create = ['createdb', '--host=127.0.0.1', `--username=${database.user}`, database.name];
  run([...inNetworkOf(networkOf), 'env', `PGPASSWORD=${database.password}`, ...create]);
  const [check = '', ...checkArgs] = healthcheck;
  await eventually('the health check of the database', () => {
    try {
      run([...inNetworkOf(networkOf), 'env', 'PGHOST=127.0.0.1', join(binDir, check), ...checkArgs]);
      return true;
    } catch {
      return false;
    }
  });
}

function run([program = '', ...args]: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
