// Who writes the logs. `python_writes` in python/tunicorn/python_log decides alike. Pure.

import type { Settings } from './settings.ts';

/**
 * `node`: each process its own lines, the gateways the access log. `python`: Python's loggers write everything; arbiter and
 * gateways send what they have to say to the forkserver.
 */
export type LogWriter = 'node' | 'python';

/** Gunicorn's own, which write what Node writes as well. */
const PLAIN_CLASSES: ReadonlySet<string> = new Set([
  'simple',
  'egg:gunicorn#simple',
  'gunicorn.glogging.Logger',
  'gunicorn.instrument.statsd.Statsd',
]);

type LogSettings = Pick<Settings, 'logger_class' | 'logconfig' | 'logconfig_dict' | 'logconfig_json'>;

export function logWriterOf({ logger_class, logconfig, logconfig_dict, logconfig_json }: LogSettings): LogWriter {
  const name = typeof logger_class === 'string' ? logger_class : logger_class.$callable;
  const hasConfig = Boolean(logconfig) || Boolean(logconfig_json) || Object.keys(logconfig_dict).length > 0;
  return hasConfig || !PLAIN_CLASSES.has(name) ? 'python' : 'node';
}
