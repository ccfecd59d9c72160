import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from '../../harness/container/dockerfile.ts';
import { readIgnored } from '../../harness/container/ignored-files.ts';

test('the instructions of a Dockerfile are read, with their options and continued lines', () => {
  const text = `# syntax=docker/dockerfile:1
FROM python:3.13-slim AS build
ENV A=1 PATH=/opt/bin:$PATH
RUN --mount=type=bind,from=wheels,target=/wheels pip install -r x
FROM python:3.13-slim
COPY --from=build /opt /opt
HEALTHCHECK --interval=10s \\
  CMD ["true"]
CMD ["tunicorn", "app"]
`;
  assert.deepEqual(parseDockerfile(text), [
    { name: 'FROM', image: 'python:3.13-slim', stage: 'build' },
    { name: 'ENV', values: { A: '1', PATH: '/opt/bin:$PATH' } },
    { name: 'RUN', mounts: [{ from: 'wheels', target: '/wheels' }], script: 'pip install -r x' },
    { name: 'FROM', image: 'python:3.13-slim', stage: '1' },
    { name: 'COPY', from: 'build', sources: ['/opt'], to: '/opt' },
    { name: 'HEALTHCHECK', command: ['true'] },
    { name: 'CMD', command: ['tunicorn', 'app'] },
  ]);
});

test('what the tests cannot follow in a Dockerfile is an error', () => {
  for (const line of [
    'ADD x /x',
    'RUN --network=host ls',
    'COPY --chown=1 a b',
    'CMD tunicorn app',
    'ENV NAME value',
  ]) {
    assert.throws(() => parseDockerfile(`FROM python:3.13-slim\n${line}\n`), Error, line);
  }
});

test('.dockerignore keeps files out by name, by pattern, and at any depth', () => {
  const isIgnored = readIgnored('# comment\n.git\n*.sqlite3\n**/__pycache__\n**/*.pyc\n');
  for (const path of ['.git', '.git/config', 'db.sqlite3', '__pycache__', 'shop/__pycache__/a.pyc', 'shop/a.pyc']) {
    assert.ok(isIgnored(path), path);
  }
  for (const path of ['', 'shop', 'shop/db.sqlite3', '.gitignore', 'shop/a.py']) assert.ok(!isIgnored(path), path);
});
