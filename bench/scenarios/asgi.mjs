/** ASGI servers with hello and with a route of FastAPI. */
import { granianAsgi, hypercorn, uvicorn } from '../contenders/asgi-servers.mjs';
import { gunicornAsgi } from '../contenders/gunicorn.mjs';
import { tunicornAsgi } from '../contenders/tunicorn.mjs';
import { LEVEL } from '../goals.mjs';
import { CONNECTIONS, measureInTurns } from './turns.mjs';

export const contenders = [tunicornAsgi, uvicorn, gunicornAsgi, hypercorn, granianAsgi];

const HELLO = 'hello (ASGI), keep-alive';
const FASTAPI = 'FastAPI JSON, keep-alive';

const CELLS = [
  { app: 'hello_asgi', title: HELLO, keepAlive: true },
  { app: 'fastapi_app', title: FASTAPI, keepAlive: true },
];

const AT_LEAST = /** @type {const} */ ({
  own: tunicornAsgi.name,
  measure: 'requestsPerSecond',
  bound: 'at least',
});

/** @type {import('../goals.mjs').Goal[]} */
const GOALS = [
  { ...AT_LEAST, cell: HELLO, than: 'baseline', value: 1.8 },
  { ...AT_LEAST, cell: HELLO, than: uvicorn.name, value: LEVEL },
  { ...AT_LEAST, cell: HELLO, than: uvicorn.name, value: 1.3 },
  { ...AT_LEAST, cell: HELLO, than: granianAsgi.name, value: LEVEL },
  { ...AT_LEAST, cell: FASTAPI, than: 'baseline', value: 1.35 },
  { ...AT_LEAST, cell: FASTAPI, than: uvicorn.name, value: LEVEL },
];

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {import('../plan.mjs').RunOptions} options
 */
export function measure(chosen, options) {
  const what = `${CONNECTIONS} connections`;
  return measureInTurns({ name: 'asgi', what, cells: CELLS, goals: GOALS, own: tunicornAsgi.name }, chosen, options);
}
