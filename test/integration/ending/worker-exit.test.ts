// A worker ends as any Python process does: its threads finish, its exit handlers run, its children go with it.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

const CONSUMERS = `
import atexit, logging, logging.handlers, multiprocessing, os, threading, time
from concurrent.futures import ThreadPoolExecutor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "out.txt")

def note(line):
    with open(OUT, "a") as file:
        file.write(line + "\\n")

class Exporter(SpanExporter):
    def export(self, spans):
        for span in spans:
            note("span")
        return SpanExportResult.SUCCESS
    def shutdown(self):
        pass

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Exporter()))
tracer = provider.get_tracer("shop")
logger = logging.getLogger("shop")
logger.setLevel("INFO")
logger.addHandler(logging.handlers.MemoryHandler(1000, target=logging.FileHandler(OUT)))
atexit.register(note, "atexit")
executor = ThreadPoolExecutor(1)
go = threading.Event()
state = {}

def job(line):
    time.sleep(0.2)
    note(line)

def answer():
    with tracer.start_as_current_span("request"):
        logger.info("memory")
    if not state:
        executor.submit(job, "first job")
        executor.submit(job, "second job")
        threading.Thread(target=job, args=("thread",)).start()
        if os.environ.get("CHILD"):
            child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(1000,), daemon=True)
            child.start()
            state["child"] = child.pid
        else:
            state["child"] = 0
    return str(state["child"]).encode()

def application(environ, start_response):
    body = answer()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]

async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        return await send({"type": "lifespan.shutdown.complete"})
    body = answer()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
`;

const ALL = ['atexit', 'first job', 'memory', 'second job', 'span', 'thread'];

function notes(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').sort() : [];
}

for (const workerClass of ['sync', 'gthread', 'gevent', 'eventlet', 'asgi', 'tornado']) {
  scenario(
    `at TERM a ${workerClass} worker finishes its threads and jobs, and runs its exit handlers`,
    async (scene) => {
      const server = await scene.tunicorn({
        app: workerClass === 'asgi' ? 'consumers:asgi' : 'consumers:application',
        args: ['--worker-class', workerClass],
        files: { 'consumers.py': CONSUMERS },
      });
      await getText(server.target);
      assert.equal((await server.stop()).code, 0);
      const found = notes(scene.path('out.txt'));
      // A program patched by eventlet does not wait for threads at its end.
      const wanted = workerClass === 'eventlet' ? ['atexit', 'memory', 'span'] : ALL;
      const isThere = (note: string): boolean => workerClass !== 'eventlet' || wanted.includes(note);
      assert.deepEqual(found.filter(isThere), wanted);
    },
    onlyTunicorn,
  );
}

for (const how of ['max_requests', 'a reload'] as const) {
  scenario(
    `at ${how} a worker runs its exit handlers, and the children of multiprocessing end with it`,
    async (scene) => {
      const args = how === 'max_requests' ? ['--max-requests', '1'] : [];
      const files = { 'consumers.py': CONSUMERS };
      const server = await scene.tunicorn({ app: 'consumers', args, files, env: { CHILD: 'yes' } });
      const child = Number(await getText(server.target));
      assert.ok(child > 0);
      if (how === 'a reload') server.signal('SIGHUP');
      await eventually('the exit handlers to run', () => notes(scene.path('out.txt')).includes('atexit'));
      await eventually('the child to end', () => !isAlive(child));
    },
    onlyTunicorn,
  );
}

const NEVER_ENDING = `
import os, threading
def application(environ, start_response):
    threading.Thread(target=threading.Event().wait, name="never-ending").start()
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`;

scenario(
  'a worker whose thread never ends is replaced immediately, and killed after graceful_timeout with the name of the thread in the log',
  async (scene) => {
    const args = ['--max-requests', '1', '--graceful-timeout', '4'];
    const server = await scene.tunicorn({ app: 'app', args, files: { 'app.py': NEVER_ENDING } });
    const first = await getText(server.target);
    await eventually('another worker to answer', async () => (await getText(server.target)) !== first);
    await server.waitForLog(new RegExp(`Worker \\(pid: ${first}\\) has not ended yet: .*never-ending`));
    await server.waitForLog(
      new RegExp(`Worker \\(pid:${first}\\) was killed: its threads and exit handlers took longer`),
    );
    await eventually('the worker to end', () => !isAlive(Number(first)));
  },
  onlyTunicorn,
);
