// Decides which processes write the logs, also for the forkserver. Pure.

import type { Settings } from '../settings.ts';

/**
 * `node`: each process writes its own lines, and the gateways write the access log. `python`: Python's loggers write everything; arbiter
 * and gateways send their lines to the forkserver.
 */
export type LogWriter = 'node' | 'python';

/** Gunicorn's own classes: Node writes the same as they do. */
const PLAIN_CLASSES: ReadonlySet<string> = new Set([
  'simple',
  'gunicorn.glogging.Logger',
  'gunicorn.instrument.statsd.Statsd',
]);

type LogSettings = Pick<Settings, 'logger_class' | 'logconfig' | 'logconfig_dict' | 'logconfig_json'>;

export function logWriterOf({ logger_class, logconfig, logconfig_dict, logconfig_json }: LogSettings): LogWriter {
  // Gunicorn's own class keeps its name, whatever the configuration file calls it.
  const name = typeof logger_class === 'string' ? dottedName(logger_class) : logger_class.$callable;
  const hasConfig = Boolean(logconfig) || Boolean(logconfig_json) || Object.keys(logconfig_dict).length > 0;
  return hasConfig || !PLAIN_CLASSES.has(name) ? 'python' : 'node';
}

/** One name for all spellings: egg:gunicorn#simple, gunicorn.glogging:Logger. */
function dottedName(given: string): string {
  return given.replace(/^egg:gunicorn#/i, '').replace(':', '.');
}
