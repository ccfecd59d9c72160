// npm run soak: see bench/README.md. Exit code 0 if nothing grew, nothing failed and nothing was left, else 1.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { root } from '../../test/harness/project.ts';
import { publish, resultsDir, summary } from './report.ts';
import { type ServerUnderSoak, serversUnderSoak } from './servers.ts';
import { type SoakResult, soak } from './soak.ts';
import { faultsOf } from './verdict.ts';

const defaultServers = 'sync,gthread,asgi,asgi-calm';

const usage = `usage: npm run soak -- [--minutes N] [--servers NAME,...] [--results DIRECTORY]
--minutes  how long clients come, 1 to 600; 30 if it is not given
--servers  of ${serversUnderSoak.map(({ name }) => name).join(', ')}; ${defaultServers} if it is not given
--results  where the page, the picture and the figures are written
`;

/** For the start of the servers, the last visits and the end. */
const endsWithinMs = 10 * 60_000;

interface Options {
  readonly minutes: number;
  readonly servers: readonly ServerUnderSoak[];
  readonly results: string;
}

function readOptions(argv: readonly string[]): Options | string {
  const options = {
    minutes: { type: 'string', default: '30' },
    servers: { type: 'string', default: defaultServers },
    results: { type: 'string', default: resultsDir },
  } as const;
  try {
    const { values } = parseArgs({ args: [...argv], options });
    const minutes = Number(values.minutes);
    if (!(minutes >= 1 && minutes <= 600)) return `--minutes: expected a number from 1 to 600, got '${values.minutes}'`;
    const servers: ServerUnderSoak[] = [];
    for (const name of values.servers.split(',')) {
      const found = serversUnderSoak.find((each) => each.name === name);
      if (found === undefined) return `--servers: there is no '${name}'`;
      servers.push(found);
    }
    return { minutes, servers, results: values.results };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n${usage}`);
    return 2;
  }
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  const say = (text: string): void => void process.stderr.write(`soak: ${text}\n`);
  const lastCall = setTimeout(
    () => {
      process.stderr.write('soak: it did not come to its end; what it has started is killed\n');
      process.exit(1);
    },
    options.minutes * 60_000 + endsWithinMs,
  );
  const result = await soak(options.servers, options.minutes * 60_000, interrupted.signal, say);
  clearTimeout(lastCall);
  const pagePath = publish(result, options.results);
  process.stdout.write(`${summary(result)}\nWritten to ${pagePath}, with a .svg and a .json beside it\n`);
  if (faultsOf(result).length === 0) return 0;
  keepLogs(result, options.results);
  return 1;
}

function keepLogs({ servers }: SoakResult, results: string): void {
  const dir = join(results, 'logs');
  mkdirSync(dir, { recursive: true });
  for (const { name, log } of servers) writeFileSync(join(dir, `soak-${name}.log`), `${log}\n`);
  process.stderr.write(`soak: the servers' logs are kept in ${relative(root, dir)}\n`);
}

process.exitCode = await main();
