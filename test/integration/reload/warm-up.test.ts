// The setting warm_up: failures at the first request fail a start or a reload, not the clients.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { getText, request } from '../../harness/clients/http-request.ts';
import { gaveUp } from '../../harness/log-lines.ts';
import { onlyTunicorn, scenario } from '../../harness/scenario.ts';

// As Django's URLconf: imported at the first request.
const WSGI = `
def application(environ, start_response):
    import routes
    if environ.get("tunicorn.warm_up"):
        open("warmed", "a").write(f"{environ['HTTP_HOST']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}\\n")
    start_response("200 OK", [])
    return [routes.TEXT]
`;
const ASGI = `
async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    import routes
    if "tunicorn.warm_up" in scope["extensions"]:
        host = dict(scope["headers"])[b"host"].decode()
        open("warmed", "a").write(f"{host} {scope['path']}?{scope['query_string'].decode()}\\n")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": routes.TEXT})
`;
const TORNADO = `
from tornado.web import Application, RequestHandler
class Main(RequestHandler):
    def get(self):
        import routes
        if self.request.headers.get("User-Agent") == "tunicorn-warm-up":
            open("warmed", "a").write(f"{self.request.host} {self.request.path}?{self.request.query}\\n")
        self.write(routes.TEXT)
application = Application([(".*", Main)])
`;
const ROUTES = 'TEXT = b"good"\n';
const BROKEN = 'import no_such_module\n';

for (const [workerClass, app] of [
  ['sync', WSGI],
  ['gthread', WSGI],
  ['gevent', WSGI],
  ['eventlet', WSGI],
  ['asgi', ASGI],
  ['tornado', TORNADO],
] as const) {
  scenario(
    `${workerClass}: a new worker asks for each path of warm_up first, and a reload that fails there is given up`,
    async (scene) => {
      const args = ['-k', workerClass, '--access-logfile', '-'];
      const paths = ['--warm-up', '/first?a=1', '--warm-up', 'https://www.example.org/second'];
      const files = { 'app.py': app, 'routes.py': ROUTES };
      const server = await scene.tunicorn({ app: 'app', args: [...args, ...paths], files });
      const warmed = readFileSync(scene.path('warmed'), 'utf8');
      assert.equal(warmed, 'localhost /first?a=1\nwww.example.org /second?\n');
      scene.write('routes.py', BROKEN);
      server.signal('SIGHUP');
      await server.waitForLog(gaveUp);
      assert.match(server.log.text(), /routes\.py", line 1[\s\S]*No module named 'no_such_module'/);
      assert.match(server.log.text(), /gave up: Worker failed to boot. warm_up: GET \/first\?a=1/);
      assert.equal(await getText(server.target), 'good');
      await server.stop();
      assert.doesNotMatch(server.log.text(), /"GET \/(?:first|second)/, 'they are in no access log');
    },
    onlyTunicorn,
  );
}

scenario(
  'a start whose warm_up is answered with 500 ends with status 3, and the log has the exception that the framework caught',
  async (scene) => {
    const app = 'import flask\napp = flask.Flask("app")\n@app.get("/")\ndef main():\n    return str(1 // 0)\n';
    const ended = await scene.run({ app: 'app:app', args: ['--warm-up', '/'], files: { 'app.py': app } });
    assert.equal(ended.code, 3, ended.text);
    assert.match(ended.text, /ZeroDivisionError[\s\S]*warm_up: GET \/ was answered with 500/);
  },
  onlyTunicorn,
);

for (const [host, answer] of [
  ['/', '400, since the host is not allowed'],
  ['http://www.example.org/', '200'],
] as const) {
  scenario(
    `Django's URLconf is imported by a warm_up that is answered ${answer}`,
    async (scene) => {
      const files = {
        'site_settings.py':
          'SECRET_KEY = "x"\nROOT_URLCONF = "site_urls"\nALLOWED_HOSTS = ["www.example.org"]\nMIDDLEWARE = ["django.middleware.common.CommonMiddleware"]\n',
        'site_urls.py':
          'from django.http import HttpResponse\nfrom django.urls import path\nurlpatterns = [path("", lambda request: HttpResponse("home"))]\n',
        'site_wsgi.py':
          'import os\nos.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"\nfrom django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n',
      };
      const server = await scene.tunicorn({ app: 'site_wsgi', args: ['--warm-up', host], files });
      scene.write('site_urls.py', `${BROKEN}${files['site_urls.py']}`);
      server.signal('SIGHUP');
      await server.waitForLog(gaveUp);
      assert.match(server.log.text(), /site_urls\.py", line 1[\s\S]*No module named 'no_such_module'/);
    },
    onlyTunicorn,
  );
}

scenario('an answer of warm_up that is neither 500 nor an exception lets the worker serve', async (scene) => {
  const app =
    'def application(environ, start_response):\n    start_response("404 Not Found", [])\n    return [b"later"]\n';
  const server = await scene.tunicorn({ app: 'app', args: ['--warm-up', '/'], files: { 'app.py': app } });
  const { status } = await request(server.target, '/');
  assert.equal(status, 404);
});

scenario('a value of warm_up that is neither a path nor a URL is refused', async (scene) => {
  for (const value of ['health', 'ftp://example.org/', 'http:///', '/a b']) {
    const ended = await scene.run({ app: 'hello', args: ['--warm-up', value] });
    assert.equal(ended.code, 1);
    assert.match(ended.text, /warm.up.*a path such as \/health/);
  }
});
