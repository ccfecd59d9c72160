// deploy/docker/Dockerfile, followed instruction by instruction, and its command as process 1 of a container. There is no container engine: the
// same namespaces, mounts and limits are made by hand.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { CleanRoot, noCleanRoot } from '../../harness/clean-root/clean-root.ts';
import { ownWheelDir } from '../../harness/clean-root/recipe.ts';
import { getText, request } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { readCompose, type Service, serviceOf } from '../../harness/container/compose.ts';
import { Container, type RunOptions } from '../../harness/container/container.ts';
import { limitedGroups } from '../../harness/container/control-groups.ts';
import { buildImage, type Image } from '../../harness/container/image.ts';
import { startNginxContainer } from '../../harness/container/nginx-container.ts';
import { noPostgres, startPostgres } from '../../harness/container/postgres.ts';
import { eventually } from '../../harness/deadline.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { nginx } from '../../harness/machine/nginx.ts';
import { inCi, root } from '../../harness/project.ts';
import { Scene, scenario } from '../../harness/scenario.ts';

const docker = join(root, 'deploy', 'docker');
const options = { skip: noCleanRoot, limitMs: 600_000 };
const environment = { SECRET_KEY: 'secret', DATABASE_PASSWORD: 'password', ALLOWED_HOSTS: '*', WEB_CONCURRENCY: '2' };

/** In place of the example's package: what a request does is up to its path. */
const APP = `
import os, subprocess, time

def application(environ, start_response):
    what, _, argument = environ["PATH_INFO"][1:].partition("/")
    body = b"one"
    if what == "wait":
        open("/run/waiting", "w").close()
        while not os.path.exists("/run/go"):
            time.sleep(0.01)
    elif what == "leave":
        body = subprocess.check_output(["sh", "-c", "sleep 0.1 >/dev/null 2>&1 & echo $!"])
    elif what == "state":
        try:
            with open(f"/proc/{argument}/stat") as file:
                body = file.read().rpartition(")")[2].split()[0].encode()
        except OSError:
            body = b"gone"
    elif what == "hoard":
        body = str(len(b"x" * 2**30)).encode()
    elif what == "spool":
        body = str(len(environ["wsgi.input"].read())).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`;

let shared: Scene | undefined;
let image: Promise<Image> | undefined;
after(async () => await shared?.end());

/** Built once, by the first scenario. */
function exampleImage(): Promise<Image> {
  shared ??= new Scene();
  image ??= buildImage(shared, {
    dockerfile: join(docker, 'Dockerfile'),
    context: join(docker, 'example'),
    contexts: { wheels: ownWheelDir },
  });
  return image;
}

let containers = 0;

/** Runs the image and waits until it serves. */
async function start(scene: Scene, more: RunOptions = {}): Promise<Container> {
  containers += 1;
  const container = new Container(scene, `web-${containers}`, await exampleImage(), { env: environment, ...more });
  await container.server.waitForLog(generationServing(1));
  await container.publish((await exampleImage()).port);
  return container;
}

/** With the application above in place of the example's package. */
async function startApp(scene: Scene, more: RunOptions = {}): Promise<Container> {
  const folder = scene.path('shop');
  mkdirSync(folder);
  writeFileSync(join(folder, 'wsgi.py'), APP);
  return await start(scene, { binds: { '/app/shop': folder }, ...more });
}

scenario(
  'the image serves as process 1, on a read-only root, as any user of group 0 without account and home',
  async (scene) => {
    const container = await start(scene, { user: '1234560:0' });
    const { target, log } = container.server;
    assert.equal(await getText(target, '/health'), '{"status": "ok"}');
    const facts = container.exec([
      'sh',
      '-c',
      'id; touch /app/new; touch /opt/venv/new; df -m /dev/shm; ls -d /home/* $HOME',
    ]);
    assert.match(facts.output, /^uid=1234560 gid=0\(root\) groups=0\(root\)$/m);
    assert.match(facts.output, /'\/app\/new': Read-only file system/);
    assert.match(facts.output, /'\/opt\/venv\/new': Read-only file system/);
    assert.match(facts.output, /^shm +64 /m);
    const { healthcheck } = await exampleImage();
    assert.deepEqual(container.exec(healthcheck), { status: 0, output: '' });
    assert.match(log.text(), new RegExp(`Listening at: http://0\\.0\\.0\\.0:${(await exampleImage()).port} `));
    assert.doesNotMatch(log.text(), /\[(WARNING|ERROR|CRITICAL)\]/);
    container.stop();
    assert.deepEqual(await container.server.exit, { code: 0, signal: null });
    // Docker separates the two: `docker logs web 2>/dev/null`.
    assert.match(container.server.stdout.text(), /"GET \/health HTTP\/1\.1" 200/);
    assert.doesNotMatch(container.server.stdout.text(), /Listening at/);
  },
  options,
);

scenario(
  'docker stop lets the request in flight finish, within the grace period, and the container ends with 0',
  async (scene) => {
    const container = await startApp(scene);
    const { server } = container;
    const answer = getText(server.target, '/wait');
    await eventually('the request to run', () => container.exec(['test', '-e', '/run/waiting']).status === 0);
    container.stop();
    await server.waitForLog(/Handling signal: term/);
    assert.equal(container.exec(['touch', '/run/go']).status, 0);
    assert.equal(await answer, 'one');
    assert.deepEqual(await server.exit, { code: 0, signal: null });
  },
  options,
);

scenario(
  'in a container HUP loads new code, abandoned processes are reaped, and large bodies need no disk',
  async (scene) => {
    const container = await startApp(scene);
    const { server } = container;
    assert.equal(await getText(server.target), 'one');
    const orphan = (await getText(server.target, '/leave')).trim();
    assert.match(orphan, /^\d+$/);
    await eventually('the orphan to go', async () => (await getText(server.target, `/state/${orphan}`)) === 'gone');
    const body = Buffer.alloc(20_000_000, 'x');
    const { status, body: text } = await request(server.target, '/spool', { method: 'POST', body });
    assert.deepEqual([status, text.toString()], [200, String(body.length)]);
    writeFileSync(scene.path('shop/wsgi.py'), APP.replace('b"one"', 'b"another"'));
    container.signal('SIGHUP');
    await server.waitForLog(generationServing(2));
    await eventually('the new code', async () => (await getText(server.target)) === 'another');
    container.stop();
    assert.deepEqual(await server.exit, { code: 0, signal: null });
  },
  options,
);

scenario(
  'a container with 256 MiB and half a processor serves with two workers; a request that needs more memory fails alone',
  async (scene) => {
    const limits = { memoryBytes: 256 * 2 ** 20, processorShare: 0.5 };
    const groups = limitedGroups(scene, `tunicorn-test-${process.pid}`, limits);
    if (groups === undefined) {
      assert.ok(!inCi || process.getuid?.() !== 0, 'no control groups can be made here');
      return;
    }
    const container = await start(scene, { cgroups: groups.members });
    for (let count = 0; count < 20; count += 1)
      assert.equal((await request(container.server.target, '/health')).status, 200);
    assert.equal(container.server.log.count(/Booting worker/), 2);
    assert.ok(groups.peakMemoryBytes() < limits.memoryBytes, `${groups.peakMemoryBytes()} bytes`);
    container.stop();
    assert.equal((await container.server.exit).code, 0);

    const { server } = await startApp(scene, { cgroups: groups.members });
    assert.equal((await request(server.target, '/hoard')).status, 502);
    await server.waitForLog(/was sent SIGKILL! Perhaps out of memory\?/);
    assert.equal(await getText(server.target), 'one');
    assert.equal(server.log.count(/\[CRITICAL\]|Gateway/), 0);
  },
  options,
);

scenario(
  'without a folder that can be written to, the container says which it has tried and ends',
  async (scene) => {
    const container = new Container(scene, 'web', await exampleImage(), {
      env: environment,
      memory: [],
      sharedMemory: false,
    });
    const { code, text } = await container.server.ended();
    assert.equal(code, 1, text);
    assert.match(text, /No folder for the runtime directory: .*Read-only file system/);
  },
  options,
);

scenario(
  'the services of compose.yaml work together: nginx, a migration, PostgreSQL; HUP under load and a new container lose nothing they need not',
  async (scene) => {
    const compose = readCompose(join(docker, 'compose.yaml'));
    const [web, migrate, db] = ['web', 'migrate', 'db'].map((name) => serviceOf(compose, name)) as [
      Service,
      Service,
      Service,
    ];
    const network = await CleanRoot.open(scene, 'network');
    const hosts = Object.keys(compose.services);
    const secrets = scene.path('secrets');
    mkdirSync(secrets);
    for (const name of web.secrets ?? []) writeFileSync(join(secrets, name), `the ${name}\n`);

    const database = { user: db.environment?.POSTGRES_USER ?? '', name: db.environment?.POSTGRES_DB ?? '' };
    const password = 'the database_password';
    const [kind, ...healthcheck] = db.healthcheck?.test ?? [];
    assert.equal(kind, 'CMD');
    await startPostgres(scene, network.holder, { ...database, password }, healthcheck);

    const image = await exampleImage();
    const runService = (name: string, service: Service): Container =>
      new Container(scene, name, image, {
        networkOf: network.holder,
        hosts,
        env: service.environment ?? {},
        memory: service.tmpfs ?? [],
        binds: { '/run/secrets': secrets },
        ...(service.command === undefined ? {} : { command: service.command }),
      });
    const migration = await runService('migrate', migrate).server.ended();
    assert.equal(migration.code, 0, migration.text);
    const first = runService('web', web);
    await first.server.waitForLog(generationServing(1));
    const { target } = await startNginxContainer(scene, network.holder, join(docker, 'nginx.conf'), hosts);

    const headers = { Host: 'localhost', 'Content-Type': 'application/x-www-form-urlencoded' };
    const order = { method: 'POST', headers, body: Buffer.from('item=tea') };
    const load = new Load(target, {
      keepAliveClients: 2,
      pauseMs: 5,
      request: () => ({ path: '/', ...order }),
      check: ({ body }) => (/"scheme": "http"/.test(body.toString()) ? undefined : body.toString()),
    });
    await load.answeredMore(20);
    first.signal('SIGHUP');
    await first.server.waitForLog(generationServing(2));
    await load.answeredMore(20);
    const { answered, failed, wrong, complaints } = await load.stop();
    assert.deepEqual({ failed, wrong }, { failed: 0, wrong: 0 }, complaints.join('\n'));
    const { body } = await request(target, '/', { headers });
    assert.equal((JSON.parse(body.toString()) as { orders: number }).orders, answered);

    first.stop();
    assert.equal((await first.server.exit).code, 0);
    // Without a server there is no answer; with the next one there is, at once.
    assert.equal((await request(target, '/health', { headers })).status, 502);
    const second = runService('web-2', web);
    await second.server.waitForLog(generationServing(1));
    assert.equal((await request(target, '/health', { headers })).status, 200);
  },
  { ...options, skip: options.skip || nginx.skip || noPostgres },
);
