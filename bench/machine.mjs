/** Facts about the machine and the software, without which figures are worthless. */
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { run } from './owned-processes.mjs';
import { TUNICORN, VENV_PYTHON } from './places.mjs';

const PYTHON_VERSIONS = `
import platform
from importlib.metadata import version
print("Python", platform.python_version())
for name in (
    *("Gunicorn", "gevent", "uWSGI", "uvicorn", "uvloop", "httptools", "Hypercorn", "Granian", "Flask", "FastAPI"),
):
    print(name, version(name))
`;

/** @returns {Promise<Record<string, string>>} in the order in which they are shown */
export async function machineFacts() {
  const processors = cpus();
  /** @type {Record<string, string>} */
  const facts = {
    processor: processors[0]?.model ?? 'unknown',
    cores: String(processors.length),
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    kernel: `${type()} ${release()}`,
    'Node.js': process.versions.node,
  };
  const python = await run(VENV_PYTHON, ['-c', PYTHON_VERSIONS]);
  for (const line of python.output.trim().split('\n')) {
    const [name = '', version = ''] = line.split(' ');
    facts[name] = version;
  }
  const wrk = await run('wrk', ['--version']).catch(() => undefined);
  if (wrk !== undefined) facts.wrk = /^wrk (\S+)/.exec(wrk.output)?.[1] ?? 'unknown';
  const tunicorn = await run(process.execPath, [TUNICORN, '--version']);
  facts.Tunicorn = tunicorn.code === 0 ? (/(\d+\.\d+\.\d+)/.exec(tunicorn.output)?.[1] ?? 'unknown') : 'not built';
  return facts;
}

/** @returns {string} of the last 1, 5 and 15 minutes */
export function loadAverage() {
  return loadavg()
    .map((load) => load.toFixed(2))
    .join(' ');
}
