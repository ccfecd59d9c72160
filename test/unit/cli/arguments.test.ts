// The command line: runs, printed texts, and usage errors.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ParsedArguments, parseArguments, parseCommandArgs } from '../../../src/cli/arguments.ts';
import { isSwitch } from '../../../src/cli/help.ts';
import { splitWords } from '../../../src/cli/split-words.ts';
import { chooseApplication } from '../../../src/settings/for-processes/application-uri.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';

const parse = (...argv: string[]): ParsedArguments => parseArguments(argv, '1.2.3');
const run = (values: object, app: string | null = null) => ({ kind: 'run', values, app });
const usageError = (message: string) => ({
  kind: 'usage-error',
  text: `usage: tunicorn [OPTIONS] [APP_MODULE]\ntunicorn: error: ${message}\n`,
});

describe('parseArguments() runs', () => {
  const cases: readonly (readonly [argv: string, result: object])[] = [
    ['', run({})],
    ['app:app', run({}, 'app:app')],
    ['app:app more words', run({}, 'app:app')],
    ['-- app:app', run({}, 'app:app')],
    ['-w 4', run({ workers: '4' })],
    ['-w4 app', run({ workers: '4' }, 'app')],
    ['-w=4', run({ workers: '4' })],
    ['--workers=4', run({ workers: '4' })],
    ['--workers 4 --workers 5', run({ workers: '5' })],
    ['--worker-cl sync', run({ worker_class: 'sync' })],
    ['--grace 5', run({ graceful_timeout: '5' })],
    ['--limit-request-field_size 9', run({ limit_request_field_size: '9' })],
    ['--limit-request-field-size 9', run({ limit_request_field_size: '9' })],
    ['-b :1 app -b :2', run({ bind: [':1', ':2'] }, 'app')],
    ['-e A=1 --env B=2', run({ raw_env: ['A=1', 'B=2'] })],
    ['--preload --check-config', run({ preload_app: true, check_config: true })],
    ['--log-file a --error-logfile b', run({ errorlog: 'b' })],
    ['--access-logfile -', run({ accesslog: '-' })],
    ['--timeout -3', run({ timeout: '-3' })],
    ['--workers -1', run({ workers: '-1' })],
    ['-b:1 -eA=1 -eB=b=2', run({ bind: [':1'], raw_env: ['A=1', 'B=b=2'] })],
    ['--env=A=1 --env B=', run({ raw_env: ['A=1', 'B='] })],
    ['-DR -w4', run({ daemon: true, enable_stdio_inheritance: true, workers: '4' })],
    ['-DRw4 app', run({ daemon: true, enable_stdio_inheritance: true, workers: '4' }, 'app')],
    ['-w 4 -- --workers', run({ workers: '4' }, '--workers')],
    ['app -- --head x', run({}, 'app')],
    ['--no-sendfile --no-control-socket', run({ sendfile: false, control_socket_disable: true })],
    ['--paste a.ini', run({ paste: 'a.ini' })],
    ['--paster a.ini --paste-global a=1', run({ paste: 'a.ini', raw_paste_global_conf: ['a=1'] })],
    ['--reload-extra-file a --reload-extra-file b', run({ reload_extra_files: ['a', 'b'] })],
    ['--keep-alive 3', run({ keepalive: '3' })],
    ['--log-config-j x', run({ logconfig_json: 'x' })],
    ['--head drop', run({ header_map: 'drop' })],
    ['--head=drop', run({ header_map: 'drop' })],
    ['--forwarded 1.2.3.4', run({ forwarded_allow_ips: '1.2.3.4' })],
    ['--pyth lib --print --check', run({ pythonpath: 'lib', print_config: true, check_config: true })],
    ['--limit-request-field_s 9', run({ limit_request_field_size: '9' })],
    ['--queue-t 1.5 --show', run({ queue_timeout: '1.5', show_origins: true })],
    ['-k gthread', run({ worker_class: 'gthread' })],
    ['--proxy-protocol', run({ proxy_protocol: 'auto' })],
    ['--proxy-protocol v1 app', run({ proxy_protocol: 'v1' }, 'app')],
    ['app --proxy-protocol', run({ proxy_protocol: 'auto' }, 'app')],
    ['--proxy-protocol -w 4', run({ proxy_protocol: 'auto', workers: '4' })],
    ['--proxy-protocol app', run({ proxy_protocol: 'app' })],
    ['--proxy-allow-from *', run({ proxy_allow_ips: '*' })],
    [
      '-c x.py -t 9 -p x.pid -u me -g us -m 0022 -n shop',
      run({
        config: 'x.py',
        timeout: '9',
        pidfile: 'x.pid',
        user: 'me',
        group: 'us',
        umask: '0022',
        proc_name: 'shop',
      }),
    ],
  ];
  for (const [argv, result] of cases) {
    test(`with ${argv || 'nothing'}`, () => {
      assert.deepEqual(parse(...argv.split(' ').filter((word) => word !== '')), result);
    });
  }

  test('with --python as a separate flag beside --pythonpath', () => {
    assert.deepEqual(
      parse('--python', 'python3.9', '--pythonpath', 'lib'),
      run({ python: 'python3.9', pythonpath: 'lib' }),
    );
  });

  test("with every beginning that is clear among Gunicorn's flags, whatever Tunicorn has besides", () => {
    const gunicorns = SETTINGS.filter(([, { own }]) => own !== true);
    const flags = gunicorns.flatMap(([name, declaration]) =>
      declaration.flags.map((flag) => ({ flag, name, declaration })),
    );
    for (const { flag, name, declaration } of flags.filter(({ flag }) => flag.startsWith('--'))) {
      for (let length = 3; length < flag.length; length++) {
        const beginning = flag.slice(0, length);
        const matches = flags.filter((other) => other.flag.startsWith(beginning));
        const isClear =
          matches.every((match) => match.name === name) && !/^--(?:he?l?p?|ve?r?s?i?o?n?)$/.test(beginning);
        const isExact = SETTINGS.some(([, other]) => other.flags.includes(beginning));
        if (!isClear || isExact) continue;
        const parsed = isSwitch(declaration) ? parse(beginning) : parse(beginning, '1');
        assert.ok(parsed.kind === 'run' && Object.keys(parsed.values).join() === name, beginning);
      }
    }
  });

  test('with every flag of the table', () => {
    for (const [name, declaration] of SETTINGS) {
      for (const flag of declaration.flags) {
        const parsed = isSwitch(declaration) ? parse(flag) : parse(flag, '1');
        assert.ok(parsed.kind === 'run' && Object.hasOwn(parsed.values, name), flag);
      }
    }
  });
});

const LIMITS = '--limit-request-fields, --limit-request-field_size, --limit-request-field-size';

describe('parseArguments() refuses', () => {
  const cases: readonly (readonly [argv: string, message: string])[] = [
    ['--wrokers 2', 'unrecognized arguments: --wrokers (did you mean --workers?)'],
    ['--host 0.0.0.0', 'unrecognized arguments: --host (the address is --bind HOST:PORT)'],
    ['--nothing-like-it', 'unrecognized arguments: --nothing-like-it'],
    ['app -x', 'unrecognized arguments: -x'],
    ['-w', 'argument -w/--workers: expected one argument'],
    ['--workers many', "argument -w/--workers: invalid int value: 'many'"],
    ['--timeout 1.5', "argument -t/--timeout: invalid int value: '1.5'"],
    ['-w app:app', "argument -w/--workers: invalid int value: 'app:app'"],
    ['-m 9x', "argument -m/--umask: invalid auto_int value: '9x'"],
    ['--queue-timeout 2s', "argument --queue-timeout: invalid seconds value: '2s'"],
    ['--worker-c sync', 'ambiguous option: --worker-c could match --worker-class, --worker-connections'],
    ['--limit-request-field 9', `ambiguous option: --limit-request-field could match ${LIMITS}`],
    ['--ver=1', "argument -v/--version: ignored explicit argument '1'"],
    ['--preload=yes', "argument --preload: ignored explicit argument 'yes'"],
    ['--max 3', 'ambiguous option: --max could match --max-requests, --max-requests-jitter'],
  ];
  for (const [argv, message] of cases) {
    test(argv, () => assert.deepEqual(parse(...argv.split(' ')), usageError(message)));
  }
});

describe('parseArguments() prints', () => {
  test('the version', () => {
    for (const flag of ['-v', '--version']) {
      assert.deepEqual(parse(flag), { kind: 'print', text: 'tunicorn (version 1.2.3)\n' });
    }
  });

  test('the help, even beside arguments that it would refuse', () => {
    for (const argv of [['-h'], ['--help'], ['--wrokers', '--help'], ['--help', '-w']]) {
      const parsed = parse(...argv);
      assert.ok(parsed.kind === 'print', argv.join(' '));
      assert.match(parsed.text, /^usage: tunicorn \[OPTIONS\] \[APP_MODULE\]\n/);
    }
  });

  test('each flag in its section, with its default, in lines of at most 100 characters', () => {
    const parsed = parse('--help');
    assert.ok(parsed.kind === 'print');
    for (const [, declaration] of SETTINGS) {
      if (declaration.flags.length > 0) assert.ok(parsed.text.includes(`  ${declaration.flags.join(', ')}`));
    }
    assert.match(parsed.text, /\n {2}--proxy-protocol \[MODE\]\n[^-]*\[off\]\n/);
    assert.match(parsed.text, /\nServer Socket:\n {2}-b, --bind ADDRESS {6}An address[^-]*\[127\.0\.0\.1:8000\]\n/);
    for (const line of parsed.text.split('\n')) assert.ok(line.length <= 100, line);
  });
});

describe('parseCommandArgs()', () => {
  test('is split into words, and its positional arguments are ignored', () => {
    assert.deepEqual(parseCommandArgs(`-w 3 -n "a b" app:app`, '1'), run({ workers: '3', proc_name: 'a b' }));
  });

  test('is empty when the variable is not set', () => {
    assert.deepEqual(parseCommandArgs(undefined, '1'), run({}));
    assert.deepEqual(parseCommandArgs('', '1'), run({}));
  });

  test('names the source of an error', () => {
    assert.deepEqual(parseCommandArgs('--foo', '1'), usageError('in GUNICORN_CMD_ARGS: unrecognized arguments: --foo'));
    assert.deepEqual(parseCommandArgs("-n 'x", '1'), usageError('in GUNICORN_CMD_ARGS: No closing quotation'));
  });
});

describe('chooseApplication()', () => {
  test('prefers the command line to wsgi_app, and reports an error if there is neither', () => {
    assert.deepEqual(chooseApplication('a', { wsgi_app: 'b', paste: null }, '/'), { ok: true, app: 'a' });
    assert.deepEqual(chooseApplication(null, { wsgi_app: 'b', paste: null }, '/'), { ok: true, app: 'b' });
    const none = { ok: false, error: 'Error: No application module specified.' };
    assert.deepEqual(chooseApplication(null, { wsgi_app: null, paste: null }, '/'), none);
  });
});

describe('splitWords() splits as shlex.split does', () => {
  const cases: readonly (readonly [text: string, words: string[]])[] = [
    ['', []],
    [' \t\r\n ', []],
    ['a  b\tc\nd', ['a', 'b', 'c', 'd']],
    [`'a b' "c d"`, ['a b', 'c d']],
    [`a'b c'd"e f"`, ['ab cde f']],
    [`'' "" x`, ['', '', 'x']],
    [String.raw`a\ b \'`, ['a b', "'"]],
    [String.raw`'a\b'`, [String.raw`a\b`]],
    [String.raw`"a\"b\\c\d"`, [String.raw`a"b\c\d`]],
    ['a\\\nb', ['a\nb']],
    [`"it's"`, ["it's"]],
    [`'say "x"'`, ['say "x"']],
    ['a#b #c', ['a#b', '#c']],
    ['a;b|c&d $e *', ['a;b|c&d', '$e', '*']],
    ['--name=é\u00a0x', ['--name=é\u00a0x']],
  ];
  for (const [text, words] of cases) {
    test(JSON.stringify(text), () => assert.deepEqual(splitWords(text), { ok: true, words }));
  }

  test('and refuses an unclosed expression', () => {
    for (const text of [`'a`, `a "b`, `"a\\"`]) {
      assert.deepEqual(splitWords(text), { ok: false, error: 'No closing quotation' });
    }
    for (const text of ['a\\', '"a\\'])
      assert.deepEqual(splitWords(text), { ok: false, error: 'No escaped character' });
  });
});
