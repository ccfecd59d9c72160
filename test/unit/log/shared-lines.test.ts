// test/vectors/log-lines.json: the lines that Python's half writes as well, in test/python/log/test_shared_lines.py.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileAccessLogFormat } from '../../../src/log/access-log-format.ts';
import type { AccessRecord } from '../../../src/log/access-record.ts';
import { jsonLogLine, type LogLevel, logLine } from '../../../src/log/log-line.ts';
import { StatsdLines } from '../../../src/telemetry/statsd-lines.ts';
import type { SyslogFacility } from '../../../src/telemetry/syslog-facilities.ts';
import { type SyslogLog, syslogLine } from '../../../src/telemetry/syslog-line.ts';
import { root } from '../../harness/project.ts';

process.env.TZ = 'UTC';

interface AccessVector {
  readonly name: string;
  readonly format: string;
  readonly environ: Readonly<Record<string, string>>;
  readonly status: number | null;
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
  readonly bodyBytes: number;
  readonly durationUs: number;
  readonly queuedMs: number;
  readonly pid: number;
  readonly nowMs: number;
  readonly line: string;
}

interface Vectors {
  readonly errorLines: readonly {
    readonly level: LogLevel;
    readonly message: string;
    readonly pid: number;
    readonly nowMs: number;
    readonly text: string;
    readonly json: string;
  }[];
  readonly syslogLines: readonly {
    readonly facility: SyslogFacility;
    readonly program: string;
    readonly log: SyslogLog;
    readonly level: LogLevel;
    readonly pid: number;
    readonly message: string;
    readonly line: string;
  }[];
  readonly statsdLines: readonly {
    readonly prefix: string;
    readonly tags: string;
    readonly call: 'gauge' | 'increment' | 'histogram' | 'timer';
    readonly name: string;
    readonly value: number;
    readonly line: string;
  }[];
  readonly accessLines: readonly AccessVector[];
}

const vectors: Vectors = JSON.parse(readFileSync(join(root, 'test', 'vectors', 'log-lines.json'), 'utf8'));

for (const { level, message, pid, nowMs, text, json } of vectors.errorLines) {
  test(`the error log: ${JSON.stringify(message)}`, () => {
    assert.equal(logLine(level, message, pid, nowMs), text);
    assert.deepEqual(JSON.parse(jsonLogLine({ level, message, pid, source: 'gateway' }, nowMs)), JSON.parse(json));
  });
}

for (const { facility, program, log, level, pid, message, line } of vectors.syslogLines) {
  test(`syslog: ${JSON.stringify(line)}`, () => {
    assert.equal(syslogLine({ facility, program }, log, { level, pid, message }), line);
  });
}

for (const { prefix, tags, call, name, value, line } of vectors.statsdLines) {
  test(`StatsD: ${line} with the prefix '${prefix}'`, () => {
    const lines = new StatsdLines({ prefix, tags });
    if (call === 'timer') assert.equal(lines.duration(name, value * 1000), line);
    else if (call === 'increment') assert.equal(lines.increment(name), line);
    else assert.equal(lines[call](name, value), line);
  });
}

function recordOf({ environ, responseHeaders, ...rest }: AccessVector): AccessRecord {
  const lower = new Map(Object.entries(environ).map(([name, value]) => [name.toLowerCase(), value]));
  const headers = new Map(responseHeaders.map(([name, value]) => [name.toLowerCase(), value]));
  return {
    remoteAddress: environ.REMOTE_ADDR,
    method: environ.REQUEST_METHOD,
    target: environ.RAW_URI,
    protocol: environ.SERVER_PROTOCOL,
    path: environ.PATH_INFO,
    query: environ.QUERY_STRING,
    scheme: environ['wsgi.url_scheme'],
    host: environ.HTTP_HOST,
    status: rest.status ?? undefined,
    bodyBytes: rest.bodyBytes,
    requestBytes: 0,
    durationUs: rest.durationUs,
    queuedMs: rest.queuedMs,
    end: 'answered',
    workerPid: rest.pid,
    pid: rest.pid,
    generation: 1,
    requestId: undefined,
    connection: 1,
    requestOfConnection: 1,
    requestHeader: (name) => environ[`HTTP_${name.toUpperCase().replaceAll('-', '_')}`],
    responseHeader: (name) => headers.get(name),
    environ: (name) => lower.get(name),
  };
}

for (const vector of vectors.accessLines) {
  test(`the access log: ${vector.name}`, () => {
    const compiled = compileAccessLogFormat(vector.format);
    assert.ok(compiled.ok);
    assert.equal(compiled.format.format(recordOf(vector), vector.nowMs), vector.line);
  });
}
