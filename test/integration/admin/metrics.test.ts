// /metrics and /status: what they count, and that no counter ever goes back.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { sampleName } from '../../../src/telemetry/metrics/metric.ts';
import { METRICS } from '../../../src/telemetry/metrics/metric-table.ts';
import type { Target } from '../../harness/clients/http-connection.ts';
import { getText, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { DebianProgram } from '../../harness/machine/front-proxy.ts';
import { venvPython } from '../../harness/project.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';
import { adminAddress, metricsText, probed, scrape, status } from '../../harness/subjects/admin-address.ts';
import { upgrade } from '../../harness/subjects/upgrade.ts';

const promtool: DebianProgram = new DebianProgram('promtool');

type Samples = ReadonlyMap<string, number>;

const FAMILY_OF_SAMPLE = /^[a-z_]+/;
const COUNTERS = new Set(
  METRICS.flatMap((metric) => {
    if (metric.kind === 'counter') return [sampleName(metric)];
    return metric.kind === 'histogram' ? ['bucket', 'count', 'sum'].map((part) => `${metric.name}_${part}`) : [];
  }),
);

/** Scrapes, and compares with the last time. */
class Scraper {
  readonly #target: Target;
  #last: Samples = new Map();

  constructor(target: Target) {
    this.#target = target;
  }

  async next(): Promise<Samples> {
    const samples = await scrape(this.#target);
    for (const [name, value] of this.#last) {
      const isCounter = COUNTERS.has(FAMILY_OF_SAMPLE.exec(name)?.[0] ?? '');
      if (isCounter) assert.ok((samples.get(name) ?? -1) >= value, `${name}: ${value}, then ${samples.get(name)}`);
    }
    this.#last = samples;
    return samples;
  }
}

scenario(
  'no counter goes back when a gateway or a worker is killed, or at a reload, and the gauges add up',
  async (scene) => {
    const { target, flags } = await adminAddress();
    const server = await scene.tunicorn({ app: 'hello', args: [...flags, '--workers', '2', '--gateways', '2'] });
    await server.workers(2);
    const scraper = new Scraper(target);
    for (let count = 0; count < 20; count += 1) await getText(server.target);
    const connection = await scene.connect(server);
    await connection.send(`GET /${'x'.repeat(5000)} HTTP/1.1\r\n`);
    assert.equal((await connection.response()).status, 414);
    let samples = await scraper.next();
    assert.equal(samples.get('tunicorn_requests_total{code="2xx"}'), 20);
    assert.equal(samples.get('tunicorn_requests_total{code="4xx"}'), 1);
    assert.equal(samples.get('tunicorn_refused_total{limit="limit_request_line"}'), 1);
    assert.equal(samples.get('tunicorn_gateway_answers_total{code="414"}'), 1);
    for (const name of ['queue', 'application', 'request']) {
      assert.equal(samples.get(`tunicorn_${name}_seconds_count`), 20, name);
      assert.equal(samples.get(`tunicorn_${name}_seconds_bucket{le="+Inf"}`), 20, name);
    }
    assert.equal(samples.get('tunicorn_response_size_bytes_sum'), 20 * (await getText(server.target)).length);
    assert.equal(samples.get('tunicorn_workers_target'), 2);
    for (const process of ['arbiter', 'gateway', 'forkserver', 'worker']) {
      assert.ok((samples.get(`tunicorn_process_resident_memory_bytes{process="${process}"}`) ?? 0) > 1e6, process);
    }

    const { gateways, workers } = server.family();
    const [gateway = 0] = gateways;
    const [worker = 0] = workers;
    // The scrape has just asked for the counts: the killed process takes none with it.
    await scraper.next();
    process.kill(gateway, 'SIGKILL');
    await eventually('another gateway', () => {
      const now = server.family().gateways;
      return now.length === 2 && !now.includes(gateway);
    });
    samples = await scraper.next();
    assert.equal(samples.get('tunicorn_requests_total{code="2xx"}'), 21);
    process.kill(worker, 'SIGKILL');
    await eventually('the restart to be counted', async () => {
      samples = await scraper.next();
      return samples.get('tunicorn_worker_restarts_total{cause="killed"}') === 1;
    });
    await eventually(
      'both workers to be ready',
      async () => (await scraper.next()).get('tunicorn_workers{state="ready"}') === 2,
    );

    server.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    await getText(server.target);
    await eventually('the old generation to end', async () => {
      samples = await scraper.next();
      return (await status(target)).generations.length === 1;
    });
    samples = await scraper.next();
    assert.equal(samples.get('tunicorn_requests_total{code="2xx"}'), 22);
    assert.equal(samples.get('tunicorn_reloads_total{result="succeeded"}'), 1);
    assert.equal(samples.get('tunicorn_generation'), 2);
    assert.equal(samples.get('tunicorn_worker_restarts_total{cause="exited"}'), 0);
    const states = ['ready', 'busy', 'booting', 'draining'].map((state) =>
      samples.get(`tunicorn_workers{state="${state}"}`),
    );
    assert.deepEqual(states, [2, 0, 0, 0]);

    const snapshot = await status(target);
    assert.equal(snapshot.server.pid, server.pid);
    assert.equal(snapshot.restarts.killed.last?.pid, worker);
    assert.equal(snapshot.reloads.last?.result, 'succeeded');
    assert.equal(
      snapshot.workers.each.reduce((sum, { requests }) => sum + requests, 0),
      1,
    );
    assert.equal(snapshot.settings.workers?.origin, 'on the command line');
    assert.ok((snapshot.recent.oneMinute.requestSeconds.p99 ?? 0) > 0);
  },
  onlyTunicorn,
);

scenario(
  'both forms of the metrics are valid for the parsers of prometheus_client',
  async (scene) => {
    const { target, flags } = await adminAddress();
    const server = await scene.tunicorn({ app: 'hello', args: flags });
    await getText(server.target);
    const parse = (module: string, text: string): string[] => {
      const program = `import json, sys
from ${module} import text_string_to_metric_families as parse
print(json.dumps([family.name for family in parse(sys.stdin.read())]))`;
      const {
        stdout,
        stderr,
        status: code,
      } = spawnSync(venvPython, ['-c', program], { input: text, encoding: 'utf8' });
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as string[];
    };
    const names = METRICS.map(({ name }) => name);
    const openMetrics = await metricsText(target, 'application/openmetrics-text; version=1.0.0, text/plain; q=0.5');
    assert.deepEqual(parse('prometheus_client.openmetrics.parser', openMetrics), names);
    const older = parse('prometheus_client.parser', await metricsText(target, 'text/plain'));
    assert.deepEqual(
      older,
      names.map((name) => (name === 'tunicorn' ? 'tunicorn_info' : name)),
    );
  },
  onlyTunicorn,
);

scenario(
  'promtool finds nothing wrong with the metrics',
  async (scene) => {
    const { target, flags } = await adminAddress();
    await scene.tunicorn({ app: 'hello', args: flags });
    const input = await metricsText(target, 'text/plain');
    const { status: code, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
  },
  { ...onlyTunicorn, skip: onlyTunicorn.skip || promtool.skip },
);

scenario(
  'during an upgrade the older arbiter answers until it stops, and the newer one from then on',
  async (scene) => {
    const target = { path: scene.path('admin.sock') };
    const { server, rendezvous } = await scene.meeting(['--admin-bind', `unix:${target.path}`]);
    const newer = await upgrade(server);
    assert.equal((await status(target)).server.pid, server.pid);
    assert.deepEqual((await status(target)).server.otherArbiter, { role: 'newer', pid: newer });
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/hold'));
    await rendezvous.arrived('held');
    process.kill(server.pid, 'SIGTERM');
    await eventually('the newer arbiter to answer', async () => (await status(target)).server.pid === newer);
    await probed(target, '/readyz', '200 ok');
    rendezvous.open('held');
    await server.exit;
    await probed(target, '/readyz', '200 ok');
    process.kill(newer, 'SIGTERM');
    await server.nothingLeft();
    assert.equal(existsSync(target.path), false);
  },
  onlyTunicorn,
);
