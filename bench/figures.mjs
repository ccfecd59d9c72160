/**
 * The figures in README.md and bench/README.md, which stand between two comments there: written from the results of a day, so that the
 * pages cannot differ from what was measured.
 */
import { LOADS, rowsOf } from './loads.mjs';
import { formatTable } from './report.mjs';

/** @typedef {import('./summary-page.mjs').Result} Result */

const BEGIN = '<!-- figures: written by npm run bench -- --readme DATE -->';
const END = '<!-- end of the figures -->';

/** @type {readonly { heading: string, servers: readonly string[] }[]} */
const PEERS = [
  { heading: 'Gunicorn', servers: ['gunicorn-sync', 'gunicorn-asgi'] },
  { heading: 'Gunicorn gthread', servers: ['gunicorn-gthread'] },
  { heading: 'uWSGI http-socket', servers: ['uwsgi-http-socket'] },
  { heading: 'Granian', servers: ['granian-wsgi', 'granian-asgi'] },
  { heading: 'uvicorn', servers: ['uvicorn'] },
];

/**
 * @param {string} page
 * @param {string} figures
 * @returns {string} the page with these figures in place of those that it had
 */
export function replaceFigures(page, figures) {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no place for figures, between "${BEGIN}" and "${END}"`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${figures}\n\n${page.slice(end)}`;
}

/**
 * @param {readonly Result[]} results
 * @param {string} folder of the results, as a link from the page
 * @returns {string} Markdown: the picture and the table
 */
export function figuresOf(results, folder) {
  const baseline = baselineOf(results);
  const columns = ['', 'Tunicorn', ...PEERS.map(({ heading }) => heading), ...(baseline === '' ? [] : [baseline])];
  const rows = LOADS.flatMap((load) => {
    const measured = rowsOf(results, load);
    const own = measured?.find(({ server }) => server === load.own);
    const amount = own?.[load.measure];
    if (measured === undefined || amount === undefined) return [];
    const ratioTo = (/** @type {readonly string[]} */ servers) => {
      const other = measured.find(({ server, failure }) => servers.includes(server) && failure === undefined);
      const ratio = amount / (other?.[load.measure] ?? Number.NaN);
      return Number.isFinite(ratio) ? `${ratio.toFixed(ratio < 10 ? 2 : 0)} ×` : '';
    };
    return [
      [
        load.heading,
        `${Number(amount.toPrecision(3)).toLocaleString('en')} ${load.unit}`,
        ...PEERS.map(({ servers }) => ratioTo(servers)),
        ...(baseline === '' ? [] : [ratioTo([`${load.own}@${baseline}`])]),
      ],
    ];
  });
  return [
    `![Requests per second of all servers](${folder}/overview.svg)`,
    `Tunicorn, and its ratio to the others${baseline === '' ? '' : ` and to an earlier Tunicorn (${baseline})`}:`,
    formatTable({ heading: '', columns, rows }),
    `${describeGoals(results)} All goals, pictures, and the machine: [summary](${folder}/summary.md).`,
  ].join('\n\n');
}

/**
 * @param {readonly Result[]} results
 * @param {string} folder of the results, as a link from the page
 * @returns {string} Markdown: the goals that were missed, and the pictures beside the overview
 */
export function detailsOf(results, folder) {
  const missed = results.flatMap(({ scenario, goals }) =>
    (goals ?? []).flatMap(({ goal, reached, met }) =>
      met === false ? [`- \`${scenario}\`: ${goal}: ${reached}`] : [],
    ),
  );
  const pictures = PICTURES.filter(({ scenario }) => results.some((result) => result.scenario === scenario));
  return [
    `${describeGoals(results)} All of them, and the machine: [summary](${folder}/summary.md).${missed.length === 0 ? '' : ' Missed:'}`,
    ...(missed.length === 0 ? [] : [missed.join('\n')]),
    ...pictures.map(({ scenario, title }) => `![${title}](${folder}/${scenario}.svg)`),
  ].join('\n\n');
}

const PICTURES = [
  { scenario: 'mixed', title: 'Latency of short requests among long ones' },
  { scenario: 'scale', title: 'What grows with connections, workers and bodies' },
];

/** @param {readonly Result[]} results */
function describeGoals(results) {
  const judged = results.flatMap(({ goals }) => goals ?? []).filter(({ met }) => met !== undefined);
  return `${judged.filter(({ met }) => met).length} of ${judged.length} goals were reached.`;
}

/**
 * @param {readonly Result[]} results
 * @returns {string} the commit of the earlier Tunicorn; empty if there was none
 */
function baselineOf(results) {
  const servers = LOADS.flatMap((load) => rowsOf(results, load) ?? []).map(({ server }) => server);
  return servers.find((server) => server.includes('@'))?.replace(/.*@/, '') ?? '';
}
