// The gateway's parser against Node's, for any number of inputs: `node build/test/conformance/fuzz.js --count 1000000 --seed 1`.
// Prints its findings, and exits with status 1 if a difference belongs to no class of fuzz/differences.json.

import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Campaign, readClasses, runCampaign } from './fuzz/campaign.ts';

const WARM_UP = 50_000;
const SHOWN = 20;

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const total = toNumber('--count', values.count);
const seed = toNumber('--seed', values.seed);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

await runCampaign({ count: Math.min(WARM_UP, total), seed: seed + 1_000_000 });
const before = memory();
const startedMs = performance.now();
const campaign = await runCampaign({ count: total, seed, onProgress: showProgress });
const seconds = (performance.now() - startedMs) / 1000;
report(campaign, seconds, before, memory());
process.exitCode = campaign.unexplained.length === 0 ? 0 : 1;

function toNumber(flag: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${flag}: '${text}' is not a whole number`);
  return Number(text);
}

interface Memory {
  readonly heapMegabytes: number;
  readonly residentMegabytes: number;
}

function memory(): Memory {
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapMegabytes: heapUsed / 2 ** 20, residentMegabytes: rss / 2 ** 20 };
}

function showProgress(done: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total}`);
}

function report(result: Campaign, duration: number, first: Memory, last: Memory): void {
  const { inputs, bytes, agreed, unexplained } = result;
  print(`${inputs} inputs (${(bytes / 2 ** 20).toFixed(0)} MiB) with seed ${seed} in ${duration.toFixed(1)} s`);
  print(
    `heap ${megabytes(first.heapMegabytes, last.heapMegabytes)}, resident ${megabytes(first.residentMegabytes, last.residentMegabytes)}`,
  );
  print(`\nBoth parsers think the same of ${agreed} inputs. The others, by class:`);
  for (const { name, why } of readClasses()) {
    print(`${String(result.classes.get(name) ?? 0).padStart(8)}  ${name}: ${why}`);
  }
  print('\nWhat became of the inputs here:');
  const outcomes = [...result.outcomes].sort(([, a], [, b]) => b - a);
  for (const [outcome, count] of outcomes) print(`${String(count).padStart(8)}  ${outcome}`);
  print(`\n${unexplained.length} differences are in no class.`);
  for (const { aspect, ours, node, input } of unexplained.slice(0, SHOWN)) {
    print(`${aspect}: here ${ours}, Node ${node}: ${JSON.stringify(input)}`);
  }
}

function megabytes(first: number, last: number): string {
  return `${first.toFixed(1)} MiB before, ${last.toFixed(1)} MiB after`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
