/** What `start` and `memory` share: the smallest applications of both interfaces, and servers started one after the other, in turns. */
import { granianAsgi, granianWsgi, uvicorn } from '../contenders/asgi-servers.mjs';
import { gunicornAsgi, gunicornSync } from '../contenders/gunicorn.mjs';
import { tunicornAsgi, tunicornSync } from '../contenders/tunicorn.mjs';
import { uwsgiHttpSocket } from '../contenders/uwsgi.mjs';
import { reasonOf, withServer } from '../server.mjs';

/** @typedef {import('../contenders/contender.mjs').Contender} Contender */

export const WORKERS = 2;
export const WSGI = 'hello (WSGI)';
export const ASGI = 'hello (ASGI)';

const CELLS = [
  { title: WSGI, app: 'hello', servers: [tunicornSync, gunicornSync, uwsgiHttpSocket, granianWsgi] },
  { title: ASGI, app: 'hello_asgi', servers: [tunicornAsgi, gunicornAsgi, uvicorn, granianAsgi] },
];

export const contenders = CELLS.flatMap(({ servers }) => servers);

/**
 * @template T
 * @param {string} what for the terminal
 * @param {readonly Contender[]} chosen
 * @param {number} rounds
 * @param {(server: import('../server.mjs').Server) => Promise<T>} look takes the measurement of a fresh server
 * @returns {Promise<{ title: string, rows: { server: string, title: string, failure: string | undefined, turns: T[] }[] }[]>}
 */
export async function lookInTurns(what, chosen, rounds, look) {
  const cells = CELLS.map(({ title, app, servers }) => ({
    title,
    app,
    rows: chosen
      // An earlier commit's is measured wherever this working tree's is.
      .filter(({ name }) => servers.some((server) => server.name === name.replace(/@.*/, '')))
      .map((contender) => ({ contender, failure: /** @type {string | undefined} */ (undefined), turns: [] })),
  }));
  for (const { title, app, rows } of cells) {
    for (let round = 0; round < rounds; round++) {
      console.error(`${what}: ${title}, round ${round + 1} of ${rounds}`);
      for (const row of round % 2 === 0 ? rows : [...rows].reverse()) {
        if (row.failure !== undefined) continue;
        try {
          /** @type {T[]} */ (row.turns).push(await withServer(row.contender, { app, workers: WORKERS }, look));
        } catch (error) {
          row.failure = reasonOf(error);
          console.error(error instanceof Error ? error.message : error);
        }
      }
    }
  }
  return cells.map(({ title, rows }) => ({
    title,
    rows: rows.map(({ contender, failure, turns }) => ({
      server: contender.name,
      title: contender.title,
      failure,
      turns,
    })),
  }));
}
