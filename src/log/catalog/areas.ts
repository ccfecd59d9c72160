// The tables of log messages, in the order of docs/log-messages.md.
//
// Every message of the error log is declared here, never written at the call. To add or convert one:
//
// 1. Declare it in the table of its area, with level, text, cause and remedy. Values are placeholders in braces. The text is one
//    string literal, because the types read the placeholders from it; the tables end in `as const` for the same reason.
// 2. Log it with `log.say(AREA_MESSAGES.name, { placeholder: value })`. Pure code that decides what to log returns
//    `entry(AREA_MESSAGES.name, { … })`, and its caller logs that with `log.enter(entry, pid)`. Neither formats the text if the level
//    is off. A message whose level varies is two messages.
// 3. Run `npm run docs`. test/unit/log/declared-messages.test.ts fails on calls with a free text.
//
// A new area is a new file and a line in AREAS. Python processes have their own tables in python/tunicorn/log/catalog/.
//
// Style: say what happened, to what, and, if it fits, what to do, in plain English; no full stop after a single clause. Lowercase
// reasons come last, after a colon. Gunicorn's messages keep Gunicorn's text word for word and have `isGunicorns`.

import type { MessageTable } from '../message.ts';
import { ADMIN_MESSAGES } from './admin.ts';
import { ARBITER_MESSAGES } from './arbiter.ts';
import { GATEWAY_MESSAGES } from './gateway.ts';
import { GENERATION_MESSAGES } from './generations.ts';
import { INTERNAL_MESSAGES } from './internal.ts';
import { LOG_MESSAGES } from './logs.ts';
import { RELOADER_MESSAGES } from './reloader.ts';
import { SETTINGS_MESSAGES } from './settings.ts';
import { SOCKET_MESSAGES } from './sockets.ts';
import { START_MESSAGES } from './start.ts';
import { SYSTEMD_MESSAGES } from './systemd.ts';
import { TELEMETRY_MESSAGES } from './telemetry.ts';
import { WORKER_MESSAGES } from './workers.ts';

export interface Area {
  readonly title: string;
  readonly messages: MessageTable;
}

export const AREAS: readonly Area[] = [
  { title: 'Start', messages: START_MESSAGES },
  { title: 'Settings', messages: SETTINGS_MESSAGES },
  { title: 'Listening sockets', messages: SOCKET_MESSAGES },
  { title: 'Arbiter', messages: ARBITER_MESSAGES },
  { title: 'Generations', messages: GENERATION_MESSAGES },
  { title: 'Workers', messages: WORKER_MESSAGES },
  { title: 'Service manager', messages: SYSTEMD_MESSAGES },
  { title: 'Reloader', messages: RELOADER_MESSAGES },
  { title: 'Gateways', messages: GATEWAY_MESSAGES },
  { title: 'Logs', messages: LOG_MESSAGES },
  { title: 'Telemetry', messages: TELEMETRY_MESSAGES },
  { title: 'Health and metrics', messages: ADMIN_MESSAGES },
  { title: 'Bugs', messages: INTERNAL_MESSAGES },
];
