// The settings log_format, request_id, syslog and statsd for the Node processes: part of a gateway's settings, as plain JSON. Pure.

import { parseStatsdAddress, parseSyslogAddress } from '../../telemetry/outlet/outlet-address.ts';
import type { StatsdSettings } from '../../telemetry/statsd.ts';
import type { SyslogSettings } from '../../telemetry/syslog.ts';
import type { Settings } from '../settings.ts';
import { type LogWriter, logWriterOf } from './log-writer.ts';

export interface LogSettings {
  readonly logWriter: LogWriter;
  readonly logFormat: Settings['log_format'];
  readonly requestIds: boolean;
  readonly syslog: SyslogSettings | null;
  readonly statsd: StatsdSettings | null;
}

export function toLogSettings(settings: Settings): LogSettings {
  const { log_format, request_id } = settings;
  const logWriter = logWriterOf(settings);
  return {
    logWriter,
    logFormat: log_format,
    requestIds: request_id === 'auto' ? log_format === 'json' : request_id === 'on',
    // Python's loggers have their own handler for syslog.
    syslog: settings.syslog && logWriter === 'node' ? syslogOf(settings) : null,
    statsd: statsdOf(settings),
  };
}

function syslogOf(settings: Settings): SyslogSettings | null {
  const address = parseSyslogAddress(settings.syslog_addr);
  if (address === null) return null;
  // As in Gunicorn, the colon of `module:callable` is replaced: syslog would take it for the end of the program's name.
  const name = (settings.proc_name ?? settings.default_proc_name).replaceAll(':', '.');
  return {
    address,
    facility: settings.syslog_facility,
    program: settings.syslog_prefix ?? name,
    access: !settings.disable_redirect_access_to_syslog,
  };
}

function statsdOf(settings: Settings): StatsdSettings | null {
  const address = settings.statsd_host === null ? null : parseStatsdAddress(settings.statsd_host);
  if (address === null) return null;
  return {
    address,
    prefix: settings.statsd_prefix,
    tags: settings.dogstatsd_tags,
    backlog: settings.enable_backlog_metric,
  };
}
