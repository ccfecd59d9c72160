// Recipes from the documentation of the libraries that hooks are mostly used with, unchanged.

import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { workerTimeout } from '../../harness/log-lines.ts';
import { scenario } from '../../harness/scenario.ts';

scenario('prometheus_client: mark_process_dead in child_exit forgets the gauges of a dead worker', async (scene) => {
  const metrics = scene.path('metrics');
  mkdirSync(metrics);
  const app = `
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest, multiprocess
SERVED = Counter("served", "requests")
IN_PROGRESS = Gauge("in_progress", "requests under way", multiprocess_mode="livesum")
def application(environ, start_response):
    SERVED.inc()
    IN_PROGRESS.inc()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [generate_latest(registry)]
`;
  const config = `
from prometheus_client import multiprocess
def child_exit(server, worker):
    multiprocess.mark_process_dead(worker.pid)
`;
  const server = await scene.tunicorn({
    app: 'app',
    files: { 'app.py': app, 'gunicorn.conf.py': config },
    env: { PROMETHEUS_MULTIPROC_DIR: metrics },
  });
  const [worker = 0] = await server.workers(1);
  assert.match(await getText(server.target), /^in_progress 1\.0$/m);
  const gauges = (): readonly string[] => readdirSync(metrics).filter((name) => name.startsWith('gauge_live'));
  assert.deepEqual(gauges(), [`gauge_livesum_${worker}.db`]);
  process.kill(worker, 'SIGKILL');
  await eventually('the gauges of the dead worker to go', () => !gauges().includes(`gauge_livesum_${worker}.db`));
  await eventually('its successor', () => server.workerPids().length === 1 && server.workerPids()[0] !== worker);
  const text = await getText(server.target);
  assert.match(text, /^in_progress 1\.0$/m);
  assert.match(text, /^served_total 2\.0$/m, 'counters stay');
});

for (const preload of ['False', 'True']) {
  scenario(
    `each worker has its own database connection, opened in post_fork, preload_app = ${preload}`,
    async (scene) => {
      const app = `
import json, os
connection = None
def application(environ, start_response):
    with connection:
        connection.execute("insert into visits values (?)", (os.getpid(),))
    count = connection.execute("select count(*) from visits where pid = ?", (os.getpid(),)).fetchone()[0]
    start_response("200 OK", [])
    return [json.dumps({"opened_by": opened_by, "pid": os.getpid(), "visits": count}).encode()]
`;
      const config = `
import os, sqlite3
preload_app = ${preload}
workers = 2
def on_starting(server):
    connection = sqlite3.connect("visits.db")
    connection.execute("create table visits (pid integer)")
    connection.close()
def post_fork(server, worker):
    import app
    app.connection = sqlite3.connect("visits.db", timeout=20)
    app.opened_by = os.getpid()
    server.log.info("Worker spawned (pid: %s)", worker.pid)
def worker_exit(server, worker):
    import app
    app.connection.close()
    server.log.info("database connection of %s closed", worker.pid)
`;
      const server = await scene.tunicorn({ app: 'app', files: { 'app.py': app, 'gunicorn.conf.py': config } });
      const workers = await server.workers(2);
      for (let times = 0; times < 4; times += 1) {
        const seen = JSON.parse(await getText(server.target));
        assert.equal(seen.opened_by, seen.pid);
        assert.ok(seen.visits >= 1);
      }
      await server.stop();
      for (const worker of workers) {
        assert.match(server.log.text(), new RegExp(`\\[${worker}\\] \\[INFO\\] Worker spawned \\(pid: ${worker}\\)`));
        assert.match(server.log.text(), new RegExp(`\\[INFO\\] database connection of ${worker} closed`));
      }
    },
  );
}

scenario('OpenTelemetry set up in post_fork exports the spans of each worker', async (scene) => {
  const app = `
from opentelemetry import trace
tracer = trace.get_tracer(__name__)
def application(environ, start_response):
    with tracer.start_as_current_span("serving " + environ["PATH_INFO"]):
        start_response("200 OK", [])
        return [b"traced"]
`;
  const config = `
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)
    resource = Resource.create(attributes={"service.name": "api-service", "worker": worker.pid})
    trace.set_tracer_provider(TracerProvider(resource=resource))
    span_processor = BatchSpanProcessor(ConsoleSpanExporter())
    trace.get_tracer_provider().add_span_processor(span_processor)
def worker_exit(server, worker):
    trace.get_tracer_provider().shutdown()
`;
  const server = await scene.tunicorn({ app: 'app', files: { 'app.py': app, 'gunicorn.conf.py': config } });
  const [worker] = await server.workers(1);
  assert.equal(await getText(server.target, '/traced'), 'traced');
  await server.stop();
  assert.match(server.log.text(), /"name": "serving \/traced"/);
  assert.match(server.log.text(), new RegExp(`"worker": ${worker}`));
});

scenario('faulthandler and traceback in worker_abort show where a worker hangs', async (scene) => {
  const rendezvous = await scene.rendezvous();
  const app = `
import time, rendezvous
def application(environ, start_response):
    hang_about()
def hang_about():
    rendezvous.note("hanging")
    time.sleep(3600)
`;
  const config = `
import faulthandler, sys, threading, traceback
timeout = 1
def worker_abort(worker):
    worker.log.info("worker received SIGABRT signal")
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
    for thread_id, stack in sys._current_frames().items():
        print("# Thread:", thread_id, "\\n" + "".join(traceback.format_stack(stack)), file=sys.stderr)
`;
  const server = await scene.tunicorn({
    app: 'app',
    files: { 'app.py': app, 'gunicorn.conf.py': config },
    env: { RENDEZVOUS: rendezvous.address },
  });
  const [worker = 0] = await server.workers(1);
  assert.equal((await request(server.target, '/')).status, 504);
  await server.waitForLog(workerTimeout(worker));
  await server.waitForLog(new RegExp(`\\[${worker}\\] \\[INFO\\] worker received SIGABRT signal`));
  await server.waitForLog(/app\.py", line 7 in hang_about/);
  await server.waitForLog(/app\.py", line 7, in hang_about/);
  await eventually('another worker', () => server.workerPids().length === 1 && server.workerPids()[0] !== worker);
});

scenario('pre_request and post_request time a request', async (scene) => {
  const app = `
import time
def application(environ, start_response):
    time.sleep(0.05)
    start_response("200 OK", [])
    return [b"done"]
`;
  const config = `
import time
def pre_request(worker, req):
    req.start = time.monotonic()
def post_request(worker, req, environ, resp):
    taken = time.monotonic() - req.start
    worker.log.info("[%s] %s %s took %.3f s", resp.status, req.method, req.path, taken)
`;
  const server = await scene.tunicorn({ app: 'app', files: { 'app.py': app, 'gunicorn.conf.py': config } });
  assert.equal(await getText(server.target, '/some/path?and=more'), 'done');
  const [, seconds] = await server.waitForLog(/\[INFO\] \[200 OK\] GET \/some\/path took (\d\.\d{3}) s/);
  assert.ok(Number(seconds) >= 0.05);
});
