// sys.argv of an application.

import assert from 'node:assert/strict';
import { getText } from '../../harness/clients/http-request.ts';
import { scenario } from '../../harness/scenario.ts';

const APP = `
import json, sys
def application(environ, start_response):
    body = json.dumps(sys.argv).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`;

scenario(
  'sys.argv has the program and its arguments as typed, and the program contains the names of both servers',
  async (scene) => {
    const args = ['--workers', '1', '--env', 'WORDS=two words'];
    const server = await scene.tunicorn({ app: 'app', args, files: { 'app.py': APP } });
    const [program = '', ...found] = JSON.parse(await getText(server.target)) as string[];
    assert.match(program, /tunicorn/);
    assert.match(program, /\/gunicorn$/);
    assert.deepEqual(found.slice(2), [...args, 'app']);
  },
);
