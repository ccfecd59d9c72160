// Finding the Python interpreter: real interpreters, and other programs.

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { findInterpreter, type InterpreterSearch } from '../../../src/cli/start/interpreter.ts';
import { textOf } from '../../../src/log/message.ts';

const root = mkdtempSync(path.join(realpathSync(tmpdir()), 'tunicorn-interpreter-'));
after(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
function freshDirectory(): string {
  count += 1;
  const directory = path.join(root, String(count));
  mkdirSync(directory);
  return directory;
}

/** A program that answers like a Python, or behaves differently. */
function program(file: string, script: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

function fakePython(file: string, version = '3 11 7'): string {
  return program(file, `printf '${version}'`);
}

function search(changes: Partial<InterpreterSearch> = {}): InterpreterSearch {
  return { python: undefined, env: {}, cwd: freshDirectory(), ...changes };
}

async function found(what: InterpreterSearch): Promise<readonly [path: string, source: string, version: string]> {
  const result = await findInterpreter(what);
  assert.ok(result.ok, result.ok ? '' : result.message);
  const { interpreter } = result;
  return [interpreter.path, interpreter.source, interpreter.version?.join('.') ?? ''];
}

async function refusal(what: InterpreterSearch): Promise<string> {
  const result = await findInterpreter(what);
  assert.ok(!result.ok, 'found one');
  return result.message;
}

test('findInterpreter() tries --python, $VIRTUAL_ENV, ./.venv, ./venv, PATH, in this order', async () => {
  const cwd = freshDirectory();
  const bin = freshDirectory();
  const active = freshDirectory();
  const named = fakePython(path.join(freshDirectory(), 'mine'), '3 10 1');
  fakePython(path.join(bin, 'python3'), '3 9 0');
  const env = { PATH: `/nodir:${bin}` };
  assert.deepEqual(await found({ python: undefined, env, cwd }), [path.join(bin, 'python3'), 'PATH', '3.9.0']);
  const venv = fakePython(path.join(cwd, 'venv/bin/python'), '3 11 0');
  assert.deepEqual(await found({ python: undefined, env, cwd }), [venv, './venv', '3.11.0']);
  const dotVenv = fakePython(path.join(cwd, '.venv/bin/python'), '3 12 0');
  assert.deepEqual(await found({ python: undefined, env, cwd }), [dotVenv, './.venv', '3.12.0']);
  const inActive = fakePython(path.join(active, 'bin/python'), '3 13 0');
  const both = { ...env, VIRTUAL_ENV: active };
  assert.deepEqual(await found({ python: undefined, env: both, cwd }), [inActive, '$VIRTUAL_ENV', '3.13.0']);
  assert.deepEqual(await found({ python: named, env: both, cwd }), [named, '--python', '3.10.1']);
});

test('findInterpreter() ignores an empty $VIRTUAL_ENV', async () => {
  const bin = freshDirectory();
  const python = fakePython(path.join(bin, 'python3'));
  assert.equal((await found(search({ env: { PATH: bin, VIRTUAL_ENV: '' } })))[0], python);
});

test('--python may be relative to the working directory, or a name on PATH', async () => {
  const cwd = freshDirectory();
  const python = fakePython(path.join(cwd, 'bin/snake'));
  assert.equal((await found(search({ cwd, python: './bin/snake' })))[0], python);
  assert.equal((await found(search({ python: 'snake', env: { PATH: path.dirname(python) } })))[0], python);
  const message = "the Python interpreter 'snake' (from --python) does not exist on PATH";
  assert.equal(await refusal(search({ cwd, python: 'snake', env: { PATH: '/nodir' } })), message);
});

test('a link is not resolved: a virtual environment is known by its own path', async () => {
  const cwd = freshDirectory();
  const python = fakePython(path.join(freshDirectory(), 'python'));
  mkdirSync(path.join(cwd, '.venv/bin'), { recursive: true });
  symlinkSync(python, path.join(cwd, '.venv/bin/python'));
  assert.equal((await found(search({ cwd })))[0], path.join(cwd, '.venv/bin/python'));
});

test('a real interpreter reports its version, and no file of the working directory interferes', async () => {
  const cwd = freshDirectory();
  for (const name of ['sys.py', 'site.py', 'os.py', 'encodings.py', 'json.py']) {
    writeFileSync(path.join(cwd, name), 'raise SystemExit("shadowed")');
  }
  const start = process.cwd();
  process.chdir(cwd);
  try {
    const [file, source, version] = await found({ python: undefined, env: { PATH: process.env.PATH }, cwd });
    assert.ok(existsSync(file));
    assert.equal(source, 'PATH');
    assert.match(version, /^3\.[0-9]+\.[0-9]+$/);
  } finally {
    process.chdir(start);
  }
});

test('one whose file is named as a recent Python is not asked, if its name is trusted', async () => {
  const bin = freshDirectory();
  const recent = fakePython(path.join(bin, 'python3.12'), 'never printed');
  const link = path.join(bin, 'python');
  symlinkSync(recent, link);
  assert.deepEqual(await found(search({ python: link, trustsName: true })), [link, '--python', '']);
  assert.match(await refusal(search({ python: link })), /is not a usable Python/);
  const old = fakePython(path.join(bin, 'python3.8'), '3 8 1');
  assert.match(await refusal(search({ python: old, trustsName: true })), /^Python 3\.8\.1 at .* is too old/);
});

test('one that does not exist is named, with the source of its name', async () => {
  const missing = "the Python interpreter '/x/python' (from --python) does not exist";
  assert.equal(await refusal(search({ python: '/x/python' })), missing);
  const gone = "the Python interpreter '/x/venv/bin/python' (from $VIRTUAL_ENV) does not exist";
  assert.equal(await refusal(search({ env: { VIRTUAL_ENV: '/x/venv', PATH: process.env.PATH } })), gone);
});

test('a virtual environment whose Python has been removed is an error, not skipped', async () => {
  const cwd = freshDirectory();
  mkdirSync(path.join(cwd, 'venv/bin'), { recursive: true });
  symlinkSync('/nodir/python3.11', path.join(cwd, 'venv/bin/python'));
  const link = `the Python interpreter '${cwd}/venv/bin/python' (from ./venv) is a link to a file that does not exist`;
  assert.equal(await refusal(search({ cwd, env: { PATH: process.env.PATH } })), link);
});

test('a virtual environment in the directory of --chdir is found, after those of the current one', async () => {
  const cwd = freshDirectory();
  const inApp = fakePython(path.join(cwd, 'app/venv/bin/python'));
  const what = { python: undefined, env: {}, cwd, chdir: 'app' };
  assert.deepEqual(await found(what), [inApp, 'app/venv', '3.11.7']);
  assert.equal((await found({ ...what, chdir: path.join(cwd, 'app/') }))[1], `${cwd}/app/venv`);
  const here = fakePython(path.join(cwd, 'env/bin/python'));
  assert.deepEqual(await found(what), [here, './env', '3.11.7']);
});

test('a virtual environment may be called env or .env, and .env may be a file', async () => {
  const cwd = freshDirectory();
  const bin = freshDirectory();
  const onPath = fakePython(path.join(bin, 'python3'));
  mkdirSync(path.join(cwd, 'env'));
  writeFileSync(path.join(cwd, '.env'), 'DEBUG=1');
  const what = { python: undefined, env: { PATH: bin }, cwd };
  assert.equal((await found(what))[0], onPath);
  rmSync(path.join(cwd, '.env'));
  const hidden = fakePython(path.join(cwd, '.env/bin/python'));
  assert.deepEqual(await found(what), [hidden, './.env', '3.11.7']);
});

test('a .venv that is not a virtual environment is skipped, and reported', async () => {
  const cwd = freshDirectory();
  const bin = freshDirectory();
  const onPath = fakePython(path.join(bin, 'python3'));
  mkdirSync(path.join(cwd, '.venv'));
  const result = await findInterpreter({ python: undefined, env: { PATH: bin }, cwd });
  assert.ok(result.ok);
  assert.equal(result.interpreter.path, onPath);
  const note = 'Skipped the folder ./.venv: it is not a virtual environment (no bin/python)';
  assert.deepEqual(result.notes.map(textOf), [note]);
  assert.match(
    await refusal({ python: undefined, env: { PATH: '/nodir' }, cwd }),
    /Name one with --python\nSkipped the folder/,
  );
  // One that has lost its Python is broken.
  writeFileSync(path.join(cwd, '.venv/pyvenv.cfg'), '');
  const broken = `the Python interpreter '${cwd}/.venv/bin/python' (from ./.venv) does not exist`;
  assert.equal(await refusal({ python: undefined, env: { PATH: bin }, cwd }), broken);
});

test('--python may be the folder of a virtual environment', async () => {
  const cwd = freshDirectory();
  const inside = fakePython(path.join(cwd, 'shop/bin/python'));
  for (const python of ['shop', './shop', 'shop/', path.join(cwd, 'shop')]) {
    assert.deepEqual(await found({ python, env: {}, cwd }), [inside, '--python', '3.11.7'], python);
  }
});

test('without any, every place that was searched is named', async () => {
  const message = await refusal(search({ env: { PATH: '/nodir' } }));
  assert.match(message, /^no Python interpreter found: .*\$VIRTUAL_ENV.*\.\/\.venv.*\.\/venv.*PATH.*--python$/);
});

test('a file that cannot be executed is refused with the reason', async () => {
  const directory = freshDirectory();
  const plain = path.join(directory, 'plain');
  writeFileSync(plain, '');
  const refuse = (python: string): Promise<string> => refusal(search({ python }));
  assert.equal(await refuse(plain), `the Python interpreter '${plain}' (from --python) is not executable`);
  const folder = `the folder '${directory}' (from --python) is not a virtual environment: it has no bin/python`;
  assert.equal(await refuse(directory), folder);
  assert.equal(
    await refuse(`${plain}/x`),
    `the Python interpreter '${plain}/x' (from --python) cannot be run: Not a directory`,
  );
});

test('a program that is not Python is refused with its output', async () => {
  const directory = freshDirectory();
  const named = (file: string): string => `the Python interpreter '${file}' (from --python) is not a usable Python`;
  const loud = program(path.join(directory, 'loud'), 'echo one >&2; echo two >&2; exit 3');
  assert.equal(await refusal(search({ python: loud })), `${named(loud)}: it exited with code 3: one`);
  const polite = program(path.join(directory, 'polite'), 'echo hello');
  assert.equal(await refusal(search({ python: polite })), `${named(polite)}: it exited with code 0: hello`);
  const dying = program(path.join(directory, 'dying'), 'kill -SEGV $$');
  assert.equal(await refusal(search({ python: dying })), `${named(dying)}: it was killed by SIGSEGV`);
});

test('one that does not answer is given up', async () => {
  const mute = program(path.join(freshDirectory(), 'mute'), 'exec sleep 600');
  const message = await refusal(search({ python: mute, timeLimitMs: 100 }));
  assert.equal(message, `the Python interpreter '${mute}' (from --python) did not answer within 0.1 s`);
});

test('the oldest supported version is 3.9', async () => {
  const directory = freshDirectory();
  for (const version of ['3 9 0', '3 14 0', '4 0 0']) {
    const python = fakePython(path.join(directory, `python${version.replaceAll(' ', '.')}`), version);
    assert.equal((await found(search({ python })))[2], version.replaceAll(' ', '.'));
  }
  for (const version of ['3 8 18', '2 7 18', '2 10 0']) {
    const dotted = version.replaceAll(' ', '.');
    const python = fakePython(path.join(directory, `python${dotted}`), version);
    const wanted = `Python ${dotted} at ${python} (from --python) is too old: Tunicorn needs 3.9 or later`;
    assert.equal(await refusal(search({ python })), wanted);
  }
});

const versions = path.join(process.env.HOME ?? '', '.pyenv', 'versions');

for (const version of ['2.7.18', '3.6.15', '3.8.18']) {
  const python = path.join(versions, version, 'bin', 'python');
  test(`a real Python ${version} is refused as too old`, { skip: !existsSync(python) }, async () => {
    assert.equal(
      await refusal(search({ python })),
      `Python ${version} at ${python} (from --python) is too old: Tunicorn needs 3.9 or later`,
    );
  });
}

for (const version of ['3.9.18', '3.10.13', '3.11.7', '3.12.1', '3.13.0']) {
  const python = path.join(versions, version, 'bin', 'python');
  test(`a real Python ${version} is found`, { skip: !existsSync(python) }, async () => {
    assert.deepEqual(await found(search({ python })), [python, '--python', version]);
  });
}
