// Who writes the logs. It is decided here, and the forkserver obeys. Pure.

import type { Settings } from '../settings.ts';

/**
 * `node`: each process its own lines, the gateways the access log. `python`: Python's loggers write everything; arbiter and
 * gateways send what they have to say to the forkserver.
 */
export type LogWriter = 'node' | 'python';

/** Gunicorn's own, which write what Node writes as well. */
const PLAIN_CLASSES: ReadonlySet<string> = new Set([
  'simple',
  'gunicorn.glogging.Logger',
  'gunicorn.instrument.statsd.Statsd',
]);

type LogSettings = Pick<Settings, 'logger_class' | 'logconfig' | 'logconfig_dict' | 'logconfig_json'>;

export function logWriterOf({ logger_class, logconfig, logconfig_dict, logconfig_json }: LogSettings): LogWriter {
  // A class of the configuration file that is Gunicorn's own has its name, whatever the file calls it.
  const name = typeof logger_class === 'string' ? dottedName(logger_class) : logger_class.$callable;
  const hasConfig = Boolean(logconfig) || Boolean(logconfig_json) || Object.keys(logconfig_dict).length > 0;
  return hasConfig || !PLAIN_CLASSES.has(name) ? 'python' : 'node';
}

/** One name for every way to write it: egg:gunicorn#simple, gunicorn.glogging:Logger. */
function dottedName(given: string): string {
  return given.replace(/^egg:gunicorn#/i, '').replace(':', '.');
}
