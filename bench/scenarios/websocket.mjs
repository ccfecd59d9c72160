/**
 * Echoes per second over WebSockets: each client sends a message, waits for its echo, and sends the next. All servers in turns within one
 * run.
 */
import { granianAsgi, hypercorn, uvicorn } from '../contenders/asgi-servers.mjs';
import { gunicornAsgi } from '../contenders/gunicorn.mjs';
import { tunicornAsgi } from '../contenders/tunicorn.mjs';
import { judgeGoals } from '../goals.mjs';
import { median } from '../load/statistics.mjs';
import { echoOverWebSockets } from '../load/websocket-echo.mjs';
import { choosePlan, TURNS } from '../plan.mjs';
import { reasonOf, Server } from '../server.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */
/** @typedef {import('../load/websocket-echo.mjs').EchoResult} EchoResult */

const WORKERS = 2;
const CLIENTS = 32;
const MESSAGE_BYTES = 64;

const TITLE = 'WebSocket echo';

/** @type {import('../goals.mjs').Goal[]} */
const GOALS = [
  {
    cell: TITLE,
    own: tunicornAsgi.name,
    measure: 'echoesPerSecond',
    bound: 'at least',
    value: 1.5,
    than: 'baseline',
  },
];

export const contenders = [tunicornAsgi, uvicorn, gunicornAsgi, hypercorn, granianAsgi];

/**
 * @param {readonly Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 * @returns {Promise<import('../report.mjs').Report>}
 */
export async function measure(chosen, options) {
  const plan = choosePlan(options, TURNS);
  /** @type {{ contender: Contender, server: Server | undefined, failure: string | undefined, turns: EchoResult[] }[]} */
  const entries = [];
  try {
    for (const contender of chosen) {
      const entry = { contender, turns: [] };
      try {
        const server = await Server.start(contender, { app: 'websocket_echo', workers: WORKERS });
        entries.push({ ...entry, server, failure: undefined });
        // To warm up.
        await echoOverWebSockets({ port: server.port, clients: CLIENTS, messageBytes: MESSAGE_BYTES, seconds: 1 });
      } catch (error) {
        console.error(error instanceof Error ? error.message : error);
        entries.push({ ...entry, server: undefined, failure: reasonOf(error) });
      }
    }
    for (let round = 0; round < plan.rounds; round++) {
      console.error(`websocket: round ${round + 1} of ${plan.rounds}`);
      for (const { server, turns } of round % 2 === 0 ? entries : [...entries].reverse()) {
        if (server === undefined) continue;
        const load = { port: server.port, clients: CLIENTS, messageBytes: MESSAGE_BYTES, seconds: plan.seconds };
        turns.push(await echoOverWebSockets(load));
      }
    }
  } finally {
    await Promise.all(entries.map(({ server }) => server?.stop()));
  }
  const rows = entries.map(({ contender, failure, turns }) => ({
    server: contender.name,
    title: contender.title,
    failure,
    echoesPerSecond: median(turns.map((turn) => turn.echoesPerSecond)),
    p50Ms: median(turns.map((turn) => turn.p50Ms)),
    p99Ms: median(turns.map((turn) => turn.p99Ms)),
    lost: turns.reduce((sum, turn) => sum + turn.lost, 0),
    turns,
  }));
  const cells = [{ title: TITLE, rows }];
  const own = rows.find(({ server }) => server === tunicornAsgi.name);
  return {
    scenario: 'websocket',
    summary:
      `${CLIENTS} WebSockets without compression, messages of ${MESSAGE_BYTES} bytes, one at a time on each; ${WORKERS} worker processes each; ` +
      `medians of ${plan.rounds} rounds of ${plan.seconds} s in turns. The clients are one Node.js process on the same machine.`,
    tables: [
      {
        heading: TITLE,
        columns: ['server', 'echoes/s', 'Tunicorn is', 'p50 ms', 'p99 ms', 'lost'],
        rows: rows.map((row) =>
          row.failure !== undefined
            ? [row.title, `failed: ${row.failure}`, '', '', '', '']
            : [
                row.title,
                row.echoesPerSecond.toFixed(0),
                own === undefined || own === row ? '' : `${(own.echoesPerSecond / row.echoesPerSecond).toFixed(2)} ×`,
                row.p50Ms.toFixed(2),
                row.p99Ms.toFixed(2),
                String(row.lost),
              ],
        ),
      },
    ],
    goals: judgeGoals(GOALS, cells, options.baseline),
    findings: [],
    data: { plan, workers: WORKERS, clients: CLIENTS, own: tunicornAsgi.name, cells },
  };
}
