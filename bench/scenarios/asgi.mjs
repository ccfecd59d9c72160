/** ASGI servers with hello and with a route of FastAPI. */
import { granianAsgi, hypercorn, uvicorn } from '../contenders/asgi-servers.mjs';
import { gunicornAsgi } from '../contenders/gunicorn.mjs';
import { tunicornAsgi } from '../contenders/tunicorn.mjs';
import { CONNECTIONS, measureInTurns } from './turns.mjs';

export const contenders = [tunicornAsgi, uvicorn, gunicornAsgi, hypercorn, granianAsgi];

const CELLS = [
  { app: 'hello_asgi', title: 'hello (ASGI), keep-alive', keepAlive: true },
  { app: 'fastapi_app', title: 'FastAPI JSON, keep-alive', keepAlive: true },
];

const GOALS = [
  { cell: 'hello (ASGI), keep-alive', peer: 'uvicorn', times: 1.3 },
  { cell: 'hello (ASGI), keep-alive', peer: 'granian-asgi', times: 1 },
];

/**
 * @param {readonly import('../contenders/contender.mjs').Contender[]} chosen
 * @param {{ quick: boolean }} options
 */
export function measure(chosen, options) {
  const what = `${CONNECTIONS} connections`;
  return measureInTurns({ name: 'asgi', what, cells: CELLS, goals: GOALS, own: tunicornAsgi.name }, chosen, options);
}
