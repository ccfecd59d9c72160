// Generates docs/migrating.md from the settings table, the worker classes and the signals. Pure.

import { ARBITER_SIGNALS, type SignalMeaning, WORKER_SIGNALS } from '../arbiter/signals.ts';
import { bySection } from '../cli/help.ts';
import { KNOWN_NAMES } from '../settings/for-processes/choose-worker-class.ts';
import { workerClassOf } from '../settings/for-processes/worker-classes.ts';
import { type Capability, MISSING } from '../settings/missing-capabilities.ts';
import type { Declaration, Migration } from '../settings/setting.ts';

type Table = readonly (readonly [string, Declaration])[];

const OPENING = `# From Gunicorn to Tunicorn

This page is generated from the settings table in \`src/settings/table/\`, from \`src/settings/for-processes/worker-classes.ts\` and from
\`src/arbiter/signals.ts\`; change it there.

Replace \`gunicorn\` with \`tunicorn\` and keep the rest: flags, \`gunicorn.conf.py\`, \`GUNICORN_CMD_ARGS\`, the signals to stop and reload
the server, the pid file, the log lines, the exit statuses.

\`\`\`diff
 # a systemd unit
-ExecStart=/srv/shop/.venv/bin/gunicorn shop.wsgi --workers 4 --bind unix:/run/shop.sock
+ExecStart=/srv/shop/.venv/bin/tunicorn shop.wsgi --workers 4 --bind unix:/run/shop.sock
 ExecReload=/bin/kill -s HUP $MAINPID
\`\`\`

\`\`\`diff
 # a Procfile
-web: gunicorn shop.wsgi
+web: tunicorn shop.wsgi
\`\`\`

\`\`\`diff
 # a Dockerfile
-RUN pip install -r requirements.txt gunicorn
+RUN pip install -r requirements.txt tunicorn
-CMD ["gunicorn", "-k", "sync", "-w", "4", "-b", "0.0.0.0:8000", "shop.wsgi"]
+CMD ["tunicorn", "-k", "sync", "-w", "4", "-b", "0.0.0.0:8000", "shop.wsgi"]
\`\`\`

Install it where Gunicorn is, in the application's virtual environment ([install.md](install.md)); it runs the application with that environment's Python. Or change no file at all:
\`tunicorn adopt\` makes the environment's \`bin/gunicorn\` start Tunicorn, \`tunicorn adopt --undo\` gives it back. \`tunicorn --check-config APP\` checks everything;
\`tunicorn --show-origins APP\` shows every setting and the source of its value.

\`sys.argv\` holds the arguments as typed, after a path that ends in \`gunicorn\` and has \`tunicorn\` in it: \`"gunicorn" in sys.argv[0]\` stays true.
\`os.getppid()\` in a worker is its forkserver, which passes \`HUP\`, \`TERM\` and the others on to the arbiter.
An application's own \`SIGTERM\` handler is called once, when a stop or a reload begins or its worker leaves, so that it can end streams. The worker still finishes its requests and
those that wait for it; \`sys.exit()\` in the handler, or calling the previous handler, has no effect.

The environment variables are Gunicorn's: \`GUNICORN_CMD_ARGS\`, \`WEB_CONCURRENCY\`, \`PORT\`, \`FORWARDED_ALLOW_IPS\`, \`SCRIPT_NAME\`, \`SENDFILE\`,
\`LISTEN_FDS\`, \`NOTIFY_SOCKET\`. Config files and applications may \`import gunicorn\`, whether it is installed or not: see [embedding.md](embedding.md). See [logging.md](logging.md)
for the logs.

In the tables, **same**: behaves exactly as in Gunicorn. **better** names the improvement. **not** says why something is not done, and what
to use instead. **not yet** is a setting that is accepted and checked; if it is set, one line in the log says that it has no effect, or, where ignoring it would
do harm, the server does not start. Settings that Gunicorn does not have are in [settings.md](settings.md).
`;

export function formatMigratingPage(settings: Table): string {
  const gunicorns = settings.filter(([, { own }]) => own !== true);
  const parts = [OPENING, '## Settings\n'];
  for (const [section, declarations] of bySection(gunicorns.filter(([, { kind }]) => kind !== 'hook'))) {
    parts.push(`### ${section}\n`, table('setting', declarations.map(settingRow)));
  }
  const hooks = gunicorns.filter(([, { kind }]) => kind === 'hook');
  parts.push(
    '## Hooks\n',
    'For the process in which each runs, and its arguments, see [hooks.md](hooks.md).\n',
    table('hook', hooks.map(settingRow)),
  );
  parts.push('## Worker classes\n', table('worker_class', workerClassRows()));
  parts.push('## Signals\n', 'To the arbiter, the process in the pid file:\n');
  parts.push(table('signal', Object.entries(ARBITER_SIGNALS).map(signalRow), 'what it does'));
  parts.push('To one worker:\n', table('signal', Object.entries(WORKER_SIGNALS).map(signalRow), 'what it does'));
  return parts.join('\n');
}

function settingRow([name, declaration]: readonly [string, Declaration]): readonly string[] {
  const [flag] = declaration.flags;
  return [flag === undefined ? `\`${name}\`` : `\`${name}\`, \`${flag}\``, ...verdict(declaration)];
}

function signalRow([name, meaning]: readonly [string, SignalMeaning]): readonly string[] {
  return [`\`${name.replaceAll(', ', '`, `')}\``, meaning.does, ...verdict(meaning)];
}

const ABOUT_UVICORN =
  'It is `asgi`, with client and scheme of X-Forwarded-For and X-Forwarded-Proto from peers in `forwarded_allow_ips`, as uvicorn has them. See [ASGI](asgi.md).';
const NOTES: Readonly<Record<string, string>> = {
  eventlet: 'Gunicorn 26 removed it.',
  'uvicorn.workers.UvicornWorker': ABOUT_UVICORN,
  'uvicorn_worker.UvicornWorker': ABOUT_UVICORN,
};

function workerClassRows(): (readonly string[])[] {
  const rows = KNOWN_NAMES.map((name) => {
    const isThere = workerClassOf(name) !== undefined;
    return [`\`${name}\``, isThere ? 'same' : '**not yet**', isThere ? (NOTES[name] ?? '') : 'Refused at the start.'];
  });
  const own = [
    'your own class',
    'same',
    'It has to derive from one of these and runs as that one; the log names overrides without effect. See [worker classes](worker-classes.md).',
  ];
  return [...rows, own];
}

interface Judged {
  readonly pending?: Capability;
  readonly withoutIt?: Declaration['withoutIt'];
  readonly migration?: Migration;
}

function verdict({ pending, withoutIt, migration }: Judged): readonly [string, string] {
  if (pending !== undefined) {
    const { instead, page } = MISSING[pending];
    const more = page === undefined ? '' : `: see [${page}](${page})`;
    const refused = withoutIt === 'refuse' ? 'It is refused at the start. ' : '';
    return ['**not yet**', `Tunicorn has no ${pending}. ${refused}${instead}${more}.`];
  }
  if (migration === undefined) return ['same', ''];
  if ('same' in migration) return ['same', migration.same];
  return 'better' in migration ? ['**better**', migration.better] : ['**not**', migration.not];
}

function table(first: string, rows: readonly (readonly string[])[], ...more: readonly string[]): string {
  const heads = [first, ...more, 'in Tunicorn', ''];
  const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.map(inCell).join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function inCell(text: string): string {
  return text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
}
