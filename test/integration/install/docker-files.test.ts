// The files in deploy/docker, as far as they can be checked without running them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCompose } from '../../harness/container/compose.ts';
import { parseDockerfile } from '../../harness/container/dockerfile.ts';
import { inCi, root } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const docker = join(root, 'deploy', 'docker');
const dockerfile = join(docker, 'Dockerfile');
const checkers = join(root, '.venv-deploy', 'bin');
const skip =
  !existsSync(join(checkers, 'hadolint')) && !inCi && 'no .venv-deploy (npm test makes it): THIS TEST CANNOT RUN';

scenario(
  'hadolint has no complaint about the Dockerfile, and would have some about a worse one',
  async (scene) => {
    assert.equal(run('hadolint', ['--no-color', dockerfile]), '');
    const worse = readFileSync(dockerfile, 'utf8').replace(/^CMD .*$/m, 'CMD tunicorn shop.wsgi');
    assert.match(run('hadolint', ['--no-color', scene.write('Dockerfile', worse)]), /DL3025/);
  },
  { skip },
);

scenario(
  'compose.yaml fits the schema of Compose, and a mistake in it would be noticed',
  async (scene) => {
    const check = (path: string): string => run('check-jsonschema', ['--builtin-schema', 'vendor.compose-spec', path]);
    assert.match(check(join(docker, 'compose.yaml')), /^ok/);
    const worse = readFileSync(join(docker, 'compose.yaml'), 'utf8').replace('depends_on:', 'dependson:');
    assert.match(check(scene.write('compose.yaml', worse)), /dependson/);
  },
  { skip },
);

scenario(
  'a service with a read-only root gets its secrets from files: Compose can write no others into it',
  async () => {
    const { services, secrets } = readCompose(join(docker, 'compose.yaml'));
    const names = Object.values(services).flatMap((service) => (service.read_only ? (service.secrets ?? []) : []));
    assert.ok(names.length > 0);
    for (const name of names) assert.equal(secrets[name]?.file, `./secrets/${name}`);
  },
  { skip },
);

scenario('the image has no root user, a health check, and a command in exec form', async () => {
  const instructions = parseDockerfile(readFileSync(dockerfile, 'utf8'));
  const last = new Map(instructions.map((instruction) => [instruction.name, instruction]));
  assert.equal(instructions.filter(({ name }) => name === 'FROM').length, 2);
  const user = last.get('USER');
  assert.ok(user?.name === 'USER' && /^[1-9]\d*:0$/.test(user.value));
  assert.ok(last.has('HEALTHCHECK') && last.has('CMD'));
});

function run(program: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(join(checkers, program), args, { encoding: 'utf8' });
  return stdout + stderr;
}
