// Reports the soak as a page, a picture and a file of figures.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { root } from '../../test/harness/project.ts';
import { median } from './growth.ts';
import { type Column, draw, type Picture, summarise } from './plot.ts';
import type { Quantity, Series } from './recorder.ts';
import type { ServerResult, SoakResult } from './soak.ts';
import type { Counts } from './tally.ts';
import { faultsOf, judgeSeries } from './verdict.ts';

const units: Readonly<Record<Quantity, string>> = {
  'resident memory': 'MiB',
  'proportional memory': 'MiB',
  descriptors: '',
  sockets: '',
  threads: '',
  processes: '',
  zombies: '',
  'runtime files': '',
  'spool files': '',
};
const panels: readonly (readonly Quantity[])[] = [
  ['resident memory'],
  ['proportional memory'],
  ['descriptors'],
  ['threads'],
  ['processes'],
  ['runtime files', 'spool files', 'zombies'],
];
const marked = ['reload', 'gateway killed', 'forkserver killed'];

/** Writes the three files to a folder of `dir` named after the day, and returns the path of the page. */
export function publish(result: SoakResult, dir: string): string {
  const ofDay = join(dir, result.beganAt.toISOString().slice(0, 10));
  mkdirSync(ofDay, { recursive: true });
  const stem = join(ofDay, 'soak');
  writeFileSync(`${stem}.svg`, draw(picture(result)));
  writeFileSync(`${stem}.md`, page(result));
  writeFileSync(`${stem}.json`, `${JSON.stringify(figures(result))}\n`);
  return `${stem}.md`;
}

export function summary(result: SoakResult): string {
  const faults = faultsOf(result);
  const lines = result.servers.map((server) => {
    const { right, left, sentAway, lostWithWorker, lostWithGateway, failed } = server.tally.total();
    return (
      `${server.name}: ${right} right, ${left} left early, ${sentAway} sent away, lost with a killed worker ` +
      `${lostWithWorker}, with a killed gateway ${lostWithGateway}; failed ${failed}`
    );
  });
  return [...lines, ...(faults.length === 0 ? ['No fault.'] : ['Faults:', ...faults])].join('\n');
}

function page(result: SoakResult): string {
  const faults = faultsOf(result);
  const minutes = (result.lastedMs / 60_000).toFixed(1);
  return `${[
    '## soak',
    `${minutes} minutes of mixed traffic on ${result.servers.map(({ name }) => name).join(', ')}, through ` +
      `${result.servers.map(describeDisturbances).join('; ')}.`,
    '![The series](soak.svg)',
    '### What grows\n\nMedians of the middle and of the last third, for each role; memory in MiB, of a typical process; descriptors ' +
      'and threads of the one that has most.',
    growthTable(result),
    '### What became of the visits',
    ...result.servers.map((server) => `${server.name}:\n\n${visitTable(server)}`),
    '### Faults',
    faults.length === 0 ? 'None.' : faults.map((fault) => `- ${fault}`).join('\n'),
    `Measured ${result.beganAt.toISOString()} with Node.js ${process.versions.node} on ${cpus().length} cores, ` +
      `Linux ${release()}; load average at the end ${loadavg()
        .map((load) => load.toFixed(1))
        .join(', ')}.`,
  ].join('\n\n')}\n`;
}

function describeDisturbances({ name, disturbances }: ServerResult): string {
  const kinds = [...new Set(disturbances.map(({ kind }) => kind))];
  const counts = kinds.map((kind) => `${kind} ${disturbances.filter((each) => each.kind === kind).length} times`);
  return `${name}: ${counts.length === 0 ? 'nothing' : counts.join(', ')}`;
}

function growthTable(result: SoakResult): string {
  const rows = judgeSeries(result)
    .filter(({ middle, last }) => middle > 0 || last > 0)
    .map(({ series, middle, last, limit, perHour, grows }) => [
      `${series.server} ${series.owner}: ${series.quantity}`,
      ...[middle, last, limit, perHour].map((value) => value.toFixed(1)),
      grows ? 'GROWS' : 'no',
    ]);
  return table(['', 'middle', 'last', 'limit', 'by its slope, per hour', 'grows'], rows);
}

function visitTable({ tally }: ServerResult): string {
  const row = (name: string, counts: Counts): string[] => [
    name,
    ...[counts.right, counts.left, counts.sentAway, counts.lostWithWorker, counts.lostWithGateway, counts.failed].map(
      String,
    ),
    (counts.slowestMs / 1000).toFixed(2),
  ];
  const rows = [...tally.clients].map(([name, counts]) => row(name, counts));
  const columns = ['client', 'right', 'left', '1012', 'lost with worker', 'with gateway', 'failed', 'slowest s'];
  return table(columns, [...rows, row('all', tally.total())]);
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

function picture(result: SoakResult): Picture {
  const columns = result.servers.map(({ name, disturbances }): Column => {
    const own = result.series.filter(({ server }) => server === name);
    return {
      title: name,
      marks: disturbances.filter(({ kind }) => marked.includes(kind)),
      panels: panels.map((quantities) => ({
        title: quantities.join(', '),
        unit: units[quantities[0] ?? 'processes'],
        lines: own
          .filter(({ quantity }) => quantities.includes(quantity))
          .map((series) => ({ label: quantities.length > 1 ? series.quantity : series.owner, points: series.points })),
      })),
    };
  });
  return {
    title: `Soak of ${(result.lastedMs / 60_000).toFixed(0)} minutes, ${result.beganAt.toISOString().slice(0, 16)}`,
    subtitle:
      'Lines are medians, bands least to most. Dotted: the thirds that are compared. Ticks: grey a reload, red a killed gateway, violet a killed forkserver.',
    endMs: result.lastedMs,
    columns,
  };
}

/** The series as drawn: a few hundred points, whatever the length of the run. */
function figures(result: SoakResult): unknown {
  const thin = ({ server, owner, quantity, points }: Series): unknown => ({
    server,
    owner,
    quantity,
    secondsAndMedians: summarise(points, result.lastedMs).map(({ atMs, typical }) => [
      Math.round(atMs / 1000),
      Number(typical.toFixed(1)),
    ]),
    overall: Number(median(points.map(({ value }) => value)).toFixed(1)),
  });
  return {
    beganAt: result.beganAt,
    lastedMs: Math.round(result.lastedMs),
    faults: faultsOf(result),
    servers: result.servers.map(({ name, tally, disturbances }) => ({
      name,
      visits: Object.fromEntries(tally.clients),
      disturbances: disturbances.map(({ kind, atMs }) => [kind, Math.round(atMs)]),
    })),
    series: result.series.map(thin),
  };
}

export const resultsDir: string = join(root, 'bench', 'results');
