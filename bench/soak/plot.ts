// Draws time series as SVG: a column for each server, a row for each quantity, a line for each role. A line is the median of some seconds;
// the band around it spans their minimum to maximum.

import { median, type Point } from './growth.ts';

interface Line {
  readonly label: string;
  readonly points: readonly Point[];
}

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

export interface Column {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Moments to mark in every panel of the column, such as reloads. */
  readonly marks: readonly { readonly atMs: number; readonly kind: string }[];
}

export interface Picture {
  readonly title: string;
  readonly subtitle: string;
  readonly endMs: number;
  readonly columns: readonly Column[];
}

const width = 400;
const height = 130;
const gap = { left: 52, right: 12, top: 22, bottom: 22 } as const;
const header = 74;
const buckets = 160;
const colours = ['#1b6ca8', '#d1495b', '#3a7d44', '#8e5ea2', '#b7791f', '#555555'];
const markColours: Readonly<Record<string, string>> = { reload: '#bbbbbb', 'gateway killed': '#d1495b' };
const otherMarkColour = '#8e5ea2';

export function draw({ title, subtitle, endMs, columns }: Picture): string {
  const rows = Math.max(0, ...columns.map(({ panels }) => panels.length));
  const cell = { width: width + gap.left + gap.right, height: height + gap.top + gap.bottom };
  const size = { width: columns.length * cell.width, height: header + rows * cell.height };
  const body = columns.flatMap((column, x) => [
    text(x * cell.width + gap.left, header - 10, column.title, 'class="column"'),
    ...column.panels.map((panel, y) => {
      const at = `translate(${x * cell.width + gap.left} ${header + y * cell.height + gap.top})`;
      return `<g transform="${at}">${drawPanel(panel, column.marks, endMs)}</g>`;
    }),
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}">
<title>${escapeXml(title)}</title>
<style>text{font:11px sans-serif;fill:#333}.title{font-size:17px;font-weight:bold}.column{font-size:15px;font-weight:bold}.end{text-anchor:end}</style>
<rect width="100%" height="100%" fill="white"/>
${text(gap.left, 24, title, 'class="title"')}
${text(gap.left, 42, subtitle)}
${body.join('\n')}
</svg>
`;
}

function drawPanel({ title, unit, lines }: Panel, marks: Column['marks'], endMs: number): string {
  const top = niceCeiling(Math.max(1, ...lines.flatMap(({ points }) => points.map(({ value }) => value))));
  const x = (atMs: number): number => round((atMs / endMs) * width);
  const y = (value: number): number => round(height - (value / top) * height);
  const thirds = [1, 2].map((third) => {
    const at = round((third * width) / 3);
    return `<line x1="${at}" x2="${at}" y1="0" y2="${height}" stroke="#888" stroke-dasharray="2 3"/>`;
  });
  const marked = [...new Set(marks.map(({ kind }) => kind))].map((kind) => {
    const ticks = marks.filter((mark) => mark.kind === kind).map(({ atMs }) => `M${x(atMs)} ${height - 5}v5`);
    return `<path d="${ticks.join('')}" stroke="${markColours[kind] ?? otherMarkColour}"/>`;
  });
  const drawn = lines.map(({ points }, index) => drawLine(points, endMs, x, y, colours[index % colours.length] ?? ''));
  const legend = lines.map(({ label }, index) => {
    const colour = colours[index % colours.length];
    return `<tspan fill="${colour}" dx="8">${escapeXml(label)}</tspan>`;
  });
  return [
    `<rect width="${width}" height="${height}" fill="#fafafa" stroke="#ddd"/>`,
    ...thirds,
    ...marked,
    ...drawn,
    `<text x="0" y="-6">${escapeXml(title)}${legend.join('')}</text>`,
    text(-5, 9, `${top} ${unit}`.trim(), 'class="end"'),
    text(-5, height, '0', 'class="end"'),
    text(0, height + 13, '0'),
    text(width, height + 13, `${(endMs / 60_000).toFixed(1)} min`, 'class="end"'),
  ].join('');
}

function drawLine(
  points: readonly Point[],
  endMs: number,
  x: (atMs: number) => number,
  y: (value: number) => number,
  colour: string,
): string {
  const summaries = summarise(points, endMs);
  if (summaries.length === 0) return '';
  const upper = summaries.map(({ atMs, most }) => `${x(atMs)},${y(most)}`);
  const lower = summaries.map(({ atMs, least }) => `${x(atMs)},${y(least)}`).reverse();
  const middle = summaries.map(({ atMs, typical }) => `${x(atMs)},${y(typical)}`);
  return (
    `<polygon points="${[...upper, ...lower].join(' ')}" fill="${colour}" fill-opacity="0.15"/>` +
    `<polyline points="${middle.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.3"/>`
  );
}

interface Summary {
  readonly atMs: number;
  readonly least: number;
  readonly typical: number;
  readonly most: number;
}

/** Reduces a series to the few hundred points that a picture can show. */
export function summarise(points: readonly Point[], endMs: number): Summary[] {
  const groups = new Map<number, Point[]>();
  for (const point of points) {
    const bucket = Math.floor((point.atMs / endMs) * buckets);
    const group = groups.get(bucket);
    if (group === undefined) groups.set(bucket, [point]);
    else group.push(point);
  }
  return [...groups.values()].map((group) => {
    const values = group.map(({ value }) => value);
    return {
      atMs: median(group.map(({ atMs }) => atMs)),
      least: Math.min(...values),
      typical: median(values),
      most: Math.max(...values),
    };
  });
}

/** The next of the numbers 1, 2, 5, 10, 20, 50 ... */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
}

function text(x: number, y: number, words: string, attributes = ''): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escapeXml(words)}</text>`;
}

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
