// The chart deploy/helm/tunicorn: helm and kubeconform accept it, its numbers agree with each other, and the server does what it says.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { request } from '../../harness/clients/http-request.ts';
import {
  at,
  kubeconform,
  kubernetesVersions,
  lint,
  manifest,
  manifests,
  noChartTools,
  notes,
  readYaml,
  render,
} from '../../harness/cluster/chart.ts';
import { eventually, within } from '../../harness/deadline.ts';
import { DebianProgram } from '../../harness/machine/front-proxy.ts';
import { appFolder, root } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';

const promtool = new DebianProgram('promtool');
const options = { skip: noChartTools };
const valuesDir = join(root, 'test', 'cluster', 'values');
const least = {
  image: { repository: 'registry.example/shop', tag: '7' },
  app: 'shop.wsgi',
};

scenario(
  'helm and kubeconform accept the chart with every file of values',
  async (scene) => {
    const names = readdirSync(valuesDir);
    const files = names.map((name) => {
      const values = readFileSync(join(valuesDir, name), 'utf8');
      const linted = lint(values);
      assert.equal(linted.status, 0, `${name}: ${linted.output}`);
      assert.doesNotMatch(linted.output, /\[(?:WARNING|ERROR)\]/, name);
      const { status, output, errors } = render(values);
      assert.equal(status, 0, `${name}: ${errors}`);
      return scene.write(name, output);
    });
    for (const version of kubernetesVersions) {
      const { status, output } = kubeconform(files, version);
      assert.match(output, /Invalid: 0, Errors: 0, Skipped: 0/, version);
      assert.equal(status, 0, output);
    }
  },
  options,
);

scenario(
  'a mistake in a template would be noticed',
  async (scene) => {
    const { output } = render(readFileSync(join(valuesDir, 'everything.yaml'), 'utf8'));
    const mistakes = [
      ['terminationGracePeriodSeconds', 'terminationGraceSeconds', 'Deployment'],
      ['unhealthyPodEvictionPolicy', 'unhealthyPodPolicy', 'PodDisruptionBudget'],
      ['metricType: Value', 'metricType: [Value]', 'ScaledObject'],
      ['path: /metrics', 'paths: /metrics', 'ServiceMonitor'],
    ] as const;
    const files = mistakes.map(([right, wrong, kind]) => {
      assert.ok(output.includes(right));
      return scene.write(`${kind}.yaml`, output.replace(right, wrong));
    });
    const verdict = kubeconform(files, '1.37.0');
    for (const [, , kind] of mistakes) {
      assert.match(verdict.output, new RegExp(`/${kind}\\.yaml - ${kind} \\S+ is invalid`));
    }
    assert.match(verdict.output, new RegExp(`Invalid: ${mistakes.length}, Errors: 0`));
  },
  options,
);

test('the grace period is shutdown_delay and graceful_timeout, and 5 seconds', options, () => {
  for (const [delay, timeout, expected] of [
    [10, 30, 45],
    [0, 0, 5],
    [12.5, 60, 78],
  ]) {
    const pod = podOf({ stop: { shutdownDelaySeconds: delay, gracefulTimeoutSeconds: timeout } });
    assert.equal(at(pod, 'spec.terminationGracePeriodSeconds'), expected);
    const args = argumentsOf(pod);
    assert.ok(args.includes(`--shutdown-delay=${delay}`) && args.includes(`--graceful-timeout=${timeout}`), `${args}`);
  }
});

test('resources are in proportion to workers', options, () => {
  const resources = { base: { cpuMillis: 100, memoryMi: 100 }, perWorker: { cpuMillis: 250, memoryMi: 50 } };
  for (const [workers, expected] of [
    [1, { requests: { cpu: '350m', memory: '150Mi' }, limits: { memory: '289Mi' } }],
    [9, { requests: { cpu: '2350m', memory: '550Mi' }, limits: { memory: '889Mi' } }],
  ]) {
    const pod = podOf({ workers, resources, scratch: { shmMi: 64 } });
    assert.deepEqual(at(pod, 'spec.containers.0.resources'), expected);
    assert.ok(argumentsOf(pod).includes(`--workers=${workers}`));
  }
});

test('a changed configuration makes new pods, and nothing else does', options, () => {
  const before = podOf({});
  assert.deepEqual(podOf({}), before);
  assert.deepEqual(podOf({ replicaCount: 5 }), before);
  const checksums = [{}, { settings: { timeout: 60 } }, { config: 'x = 1' }].map((values) =>
    at(podOf(values), 'metadata.annotations.checksum/config'),
  );
  assert.equal(new Set(checksums).size, 3);
});

test(
  'the pod is as the restricted Pod Security Standard wants it, and writes only to its own /tmp and /dev/shm',
  options,
  () => {
    const pod = podOf({});
    assert.equal(at(pod, 'spec.securityContext.runAsNonRoot'), true);
    assert.equal(at(pod, 'spec.securityContext.seccompProfile.type'), 'RuntimeDefault');
    assert.equal(at(pod, 'spec.automountServiceAccountToken'), false);
    assert.deepEqual(at(pod, 'spec.containers.0.securityContext'), {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const writable = (at(pod, 'spec.containers.0.volumeMounts') as readonly unknown[]).filter(
      (mount) => at(mount, 'readOnly') !== true,
    );
    assert.deepEqual(
      writable.map((mount) => at(mount, 'mountPath')),
      ['/tmp', '/dev/shm'],
    );
  },
);

test('with the autoscaler, the Deployment does not set the number of pods', options, () => {
  const autoscaling = { enabled: true, minReplicas: 2, maxReplicas: 6, targetQueueSeconds: 0.0255 };
  const values = JSON.stringify({ ...least, autoscaling });
  assert.equal(at(manifest(values, 'Deployment'), 'spec.replicas'), undefined);
  assert.equal(at(manifest(JSON.stringify(least), 'Deployment'), 'spec.replicas'), 2);
  const scaler = manifest(values, 'HorizontalPodAutoscaler');
  assert.equal(at(scaler, 'spec.scaleTargetRef.name'), manifest(values, 'Deployment').metadata.name);
  assert.deepEqual(at(scaler, 'spec.metrics.0.pods'), {
    metric: { name: 'tunicorn_queue_seconds_mean' },
    target: { type: 'AverageValue', averageValue: '26m' },
  });
  assert.ok(!manifests(values).some(({ kind }) => kind === 'ScaledObject'));
});

test("the Prometheus adapter's rules and KEDA's queries ask for the same", options, () => {
  const autoscaling = { enabled: true, form: 'keda', keda: { serverAddress: 'http://prometheus:9090' } };
  const scaled = manifest(JSON.stringify({ ...least, autoscaling }), 'ScaledObject');
  const series = /\{namespace="store",pod=~"shop-tunicorn-\[a-z0-9\]\+-\[a-z0-9\]\+"\}/g;
  const ofKeda = [0, 1].map((index) => String(at(scaled, `spec.triggers.${index}.metadata.query`)));
  assert.deepEqual(
    ofKeda.map((query) => query.match(series)?.length),
    [2, 1],
  );
  const [adapter] = readYaml(readFileSync(join(root, 'deploy', 'helm', 'prometheus-adapter.yaml'), 'utf8'));
  const rules = at(adapter, 'rules.custom') as readonly unknown[];
  const ofAdapter = rules.map((rule) => String(at(rule, 'metricsQuery')));
  const bare = (query: string): string =>
    query.replaceAll('<<.LabelMatchers>>', '').replaceAll(' by (<<.GroupBy>>) ', '').replaceAll('sum (', 'sum(');
  assert.deepEqual(
    ofAdapter.map(bare),
    ofKeda.map((query) => query.replaceAll(series, '{}')),
  );
  const names = rules.map((rule) => {
    const series = /^\w+/.exec(String(at(rule, 'seriesQuery')))?.[0] ?? '';
    const pattern = at(rule, 'name.matches');
    if (typeof pattern !== 'string') return series;
    return series.replace(new RegExp(pattern), String(at(rule, 'name.as')).replace(/\$\{(\d)\}/, '$$$1'));
  });
  const scaler = manifest(JSON.stringify({ ...least, autoscaling: { enabled: true } }), 'HorizontalPodAutoscaler');
  const metrics = at(scaler, 'spec.metrics') as readonly unknown[];
  assert.deepEqual(
    metrics.map((metric) => at(metric, 'pods.metric.name')),
    names,
  );
});

scenario(
  "the autoscaler's queries give the mean time and the length of the queue of this release's pods alone",
  async (scene) => {
    const autoscaling = { enabled: true, form: 'keda', keda: { serverAddress: 'http://prometheus:9090' } };
    const scaled = manifest(JSON.stringify({ ...least, autoscaling }), 'ScaledObject');
    const [mean, length] = [0, 1].map((index) => String(at(scaled, `spec.triggers.${index}.metadata.query`)));
    const ofPod = (pod: string, metric: string, values: string): unknown => ({
      series: `tunicorn_queue_${metric}{namespace="store",pod="${pod}"}`,
      values,
    });
    // Two pods: 3 s in the queue for 15 requests, and 1 s for 5, in each quarter of a minute; then nothing.
    const input = [
      ofPod('shop-tunicorn-6d4cf56db6-abcde', 'seconds_sum', '0+3x20 60x20'),
      ofPod('shop-tunicorn-6d4cf56db6-abcde', 'seconds_count', '0+15x20 300x20'),
      ofPod('shop-tunicorn-6d4cf56db6-abcde', 'length', '7x40'),
      ofPod('shop-tunicorn-6d4cf56db6-fghij', 'seconds_sum', '0+1x20 20x20'),
      ofPod('shop-tunicorn-6d4cf56db6-fghij', 'seconds_count', '0+5x20 100x20'),
      ofPod('shop-tunicorn-6d4cf56db6-fghij', 'length', '2x40'),
      ofPod('shop-tunicorn-2-6d4cf56db6-abcde', 'seconds_sum', '0+900x40'),
      ofPod('shop-tunicorn-2-6d4cf56db6-abcde', 'length', '900x40'),
    ];
    const expected = (expr: string | undefined, at: string, value: number): unknown => ({
      expr,
      eval_time: at,
      exp_samples: [{ labels: '{}', value }],
    });
    const checks = [expected(mean, '4m', 0.2), expected(mean, '9m', 0), expected(length, '4m', 9)];
    const file = scene.write(
      'queries.yml',
      JSON.stringify({ tests: [{ interval: '15s', input_series: input, promql_expr_test: checks }] }),
    );
    const { status, stdout, stderr } = spawnSync(promtool.path, ['test', 'rules', file], { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  },
  { skip: noChartTools || promtool.skip },
);

test('values that cannot work are refused by name', options, () => {
  for (const [values, complaint] of [
    [{ app: 'shop.wsgi' }, /image\.repository is missing/],
    [{ image: least.image }, /app is missing/],
    [{ ...least, wrokers: 2 }, /additional properties 'wrokers' not allowed/],
    [{ ...least, workers: 0 }, /\/workers/],
    [{ ...least, stop: { gracefulTimeoutSeconds: -1 } }, /\/stop\/gracefulTimeoutSeconds/],
    [{ ...least, settings: { graceful_timeout: 5 } }, /use the value stop\.gracefulTimeoutSeconds instead/],
    [{ ...least, config: 'import os\nbind = "0.0.0.0:80"\n' }, /config sets bind: use the value port instead/],
    [{ ...least, autoscaling: { enabled: true, form: 'keda' } }, /autoscaling\.keda\.serverAddress is missing/],
  ] as const) {
    const { status, errors } = render(JSON.stringify(values));
    assert.notEqual(status, 0);
    assert.match(errors, complaint);
  }
});

test('the notes name the numbers of this release', options, () => {
  const text = notes(JSON.stringify({ ...least, workers: 3, stop: { shutdownDelaySeconds: 7 } }));
  assert.match(text, /shop\.wsgi is served by 2 pods with 3 workers each/);
  assert.match(text, /serves for 7 s more .* has 30 s/s);
  assert.match(text, /kills it 42 s after TERM/);
});

test('the chart has the version of the program', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const text = readFileSync(join(root, 'deploy', 'helm', 'tunicorn', 'Chart.yaml'), 'utf8');
  assert.match(text, new RegExp(`^version: ${version}$`, 'm'));
  assert.match(text, new RegExp(`^appVersion: ${version}$`, 'm'));
});

scenario(
  'the server starts with what the chart renders, its probes succeed, and TERM takes the course that the grace period allows',
  async (scene) => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const values = JSON.stringify({
      ...least,
      app: 'pod:application',
      host: '127.0.0.1',
      port,
      admin: { port: adminPort },
      workers: 2,
      stop: { shutdownDelaySeconds: 5, gracefulTimeoutSeconds: 60 },
      settings: {
        forwarded_allow_ips: ['10.0.0.0/8', 'fd00::/8'],
        preload_app: true,
        statsd_host: null,
        proc_name: 'a "shop"',
      },
      config: 'def post_fork(server, worker):\n    server.log.info("forked for %s", server.cfg.proc_name)\n',
    });
    const pod = at(manifest(values, 'Deployment'), 'spec.template');
    const data = at(manifest(values, 'ConfigMap'), 'data') as Readonly<Record<string, string>>;
    const file = scene.write('gunicorn.conf.py', data['gunicorn.conf.py'] ?? '');
    const server = await scene.tunicorn({
      listen: 'none',
      target: { host: '127.0.0.1', port },
      chdir: appFolder('pod'),
      args: argumentsOf(pod).map((arg) => arg.replace('/etc/tunicorn/gunicorn.conf.py', file)),
      env: { LEDGER: scene.path('ledger'), POD: 'shop-1' },
    });
    await server.waitForLog(/forked for a "shop"/);
    await server.workers(2);
    const status = async (to: number, path: string): Promise<number> =>
      (await request({ host: '127.0.0.1', port: to }, path, { headers: { 'X-Id': path } })).status;
    const named = new Map(
      (at(pod, 'spec.containers.0.ports') as readonly unknown[]).map((one) => [
        at(one, 'name'),
        at(one, 'containerPort'),
      ]),
    );
    const statusOf = async (probe: string): Promise<number> => {
      const asked = at(pod, `spec.containers.0.${probe}.httpGet`);
      return await status(Number(named.get(at(asked, 'port'))), String(at(asked, 'path')));
    };
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) assert.equal(await statusOf(probe), 200);

    server.signal('SIGTERM');
    await eventually('the pod to be unready', async () => (await statusOf('readinessProbe')) === 503);
    assert.equal(await statusOf('livenessProbe'), 200);
    assert.equal(await status(port, '/'), 200, 'it serves while it is taken out of the endpoints');
    const graceMs = Number(at(pod, 'spec.terminationGracePeriodSeconds')) * 1000;
    const { code } = await within('the end within the grace period', server.ended(), graceMs);
    assert.equal(code, 0);
  },
  options,
);

function podOf(values: Readonly<Record<string, unknown>>): unknown {
  return at(manifest(JSON.stringify({ ...least, ...values }), 'Deployment'), 'spec.template');
}

function argumentsOf(pod: unknown): readonly string[] {
  return at(pod, 'spec.containers.0.args') as readonly string[];
}
