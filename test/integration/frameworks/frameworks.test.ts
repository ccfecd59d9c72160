// A real Flask application and a real Django project, alone and behind nginx.

import assert from 'node:assert/strict';
import { field, fields, type HttpResponse, type Target } from '../../harness/clients/http-connection.ts';
import { getText, request } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { nginx, startNginx } from '../../harness/machine/nginx.ts';
import { appFolder, otherServer } from '../../harness/project.ts';
import { onlyTunicorn, scenario, sharedServer } from '../../harness/scenario.ts';

const flask = sharedServer({ app: 'flask_app:app', args: ['--workers', '2'] });
const django = sharedServer({
  app: 'mysite.wsgi:application',
  args: ['--workers', '2'],
  chdir: appFolder('mysite'),
});

scenario('Flask: a page, JSON, a form with a file, and a stream', async () => {
  const { target } = await flask();
  assert.equal(await getText(target), 'Hello from Flask');
  const json = await request(target, '/json', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"numbers":[1,2]}',
  });
  assert.deepEqual(JSON.parse(json.body.toString()), { doubled: [2, 4] });
  assert.equal((await request(target, '/form', multipart(300_000))).body.toString(), 'name=Ada file=300000');
  const stream = await request(target, '/stream');
  assert.equal(stream.framing, 'chunked');
  assert.equal(stream.body.toString(), Array.from({ length: 1000 }, (_, number) => `line ${number}\n`).join(''));
});

scenario('Flask: a session keeps counting', async () => {
  const { target } = await flask();
  let cookie = '';
  for (const visits of ['1', '2', '3']) {
    const response = await request(target, '/visits', { headers: { Cookie: cookie } });
    assert.equal(response.body.toString(), visits);
    cookie = cookieOf(response);
  }
});

scenario('Flask: its own 404 and 500', async () => {
  const server = await flask();
  assert.equal((await request(server.target, '/nowhere')).status, 404);
  assert.equal((await request(server.target, '/error')).status, 500);
  await server.waitForLog(/an error in a Flask view/);
});

scenario('Django: a form with its CSRF token, a redirect, and the session', async () => {
  const { target } = await django();
  await walkThroughDjango(target);
});

scenario('Django: a stream and an error', async () => {
  const server = await django();
  const stream = await request(server.target, '/stream/');
  assert.equal(stream.body.toString(), Array.from({ length: 1000 }, (_, number) => `row ${number}\n`).join(''));
  assert.equal((await request(server.target, '/error/')).status, 500);
  assert.equal((await request(server.target, '/nowhere/')).status, 404);
  assert.equal((await request(server.target, '/stream')).status, 301);
});

for (const app of ['flask_app:app', 'mysite.wsgi:application']) {
  scenario(
    `${app} reloads under load without losing a request, with --preload`,
    async (scene) => {
      const chdir = appFolder(app);
      const server = await scene.tunicorn({ app, chdir, args: ['--workers', '2', '--preload'] });
      const load = new Load(server.target, {
        keepAliveClients: 3,
        freshClients: 2,
        request: () => ({ path: '/' }),
        check: ({ body }) => (/Hello/.test(body.toString()) ? undefined : body.toString()),
      });
      for (const generation of [2, 3]) {
        await load.answeredMore(50);
        server.signal('SIGHUP');
        await server.waitForLog(new RegExp(`Generation ${generation} is serving`));
      }
      await load.answeredMore(50);
      const result = await load.stop();
      assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
    },
    onlyTunicorn,
  );
}

scenario(
  'Django behind nginx on a Unix socket',
  async (scene) => {
    const server = await scene.tunicorn({
      app: 'mysite.wsgi:application',
      chdir: appFolder('mysite'),
      listen: 'unix',
    });
    const { target } = await startNginx(scene, server.target);
    await walkThroughDjango(target);
    assert.equal(server.log.count(/Traceback/), 0);
  },
  { skip: nginx.skip },
);

scenario(
  'Flask behind nginx sees scheme and host of the client, and a reload is invisible to clients',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'flask_app:app', listen: 'unix', args: ['--workers', '2'] });
    const { target: front } = await startNginx(scene, server.target);
    const where = await request(front, '/where?x=1', { headers: { Host: 'shop.example' } });
    assert.equal(JSON.parse(where.body.toString()).url, 'https://shop.example/where?x=1');
    assert.equal((await request(front, '/form', multipart(2_000_000))).body.toString(), 'name=Ada file=2000000');
    const load = new Load(front, {
      keepAliveClients: 3,
      freshClients: 2,
      request: () => ({ path: '/' }),
      check: ({ body }) => (body.toString() === 'Hello from Flask' ? undefined : body.toString()),
    });
    await load.answeredMore(50);
    server.signal('SIGHUP');
    if (!otherServer) await server.waitForLog(/Generation 2 is serving/);
    await load.answeredMore(100);
    const result = await load.stop();
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
  },
  { skip: nginx.skip || onlyTunicorn.skip },
);

async function walkThroughDjango(target: Target): Promise<void> {
  const page = await request(target, '/');
  assert.match(page.body.toString(), /Hello, stranger/);
  const token = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(page.body.toString())?.[1] ?? '';
  // Over HTTPS, as nginx reports it, Django checks the Referer of the form.
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Referer: 'https://test.example/' };
  const form = { method: 'POST', headers };
  const refused = await request(target, '/', { ...form, body: 'name=Ada' });
  assert.equal(refused.status, 403);
  const Cookie = cookieOf(page);
  const body = `name=Ada&csrfmiddlewaretoken=${token}`;
  const posted = await request(target, '/', { ...form, headers: { ...headers, Cookie }, body });
  assert.deepEqual([posted.status, field(posted, 'Location')], [302, '/']);
  const greeting = await request(target, '/', { headers: { Cookie: `${Cookie}; ${cookieOf(posted)}` } });
  assert.match(greeting.body.toString(), /Hello, Ada/);
}

function cookieOf(response: HttpResponse): string {
  return fields(response, 'Set-Cookie')
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

function multipart(size: number): { method: string; headers: Record<string, string>; body: string } {
  const part = (disposition: string, content: string): string =>
    `--frontier\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
  return {
    method: 'POST',
    headers: { 'Content-Type': 'multipart/form-data; boundary=frontier' },
    body: `${part('name="name"', 'Ada')}${part('name="upload"; filename="a.bin"', 'u'.repeat(size))}--frontier--\r\n`,
  };
}
