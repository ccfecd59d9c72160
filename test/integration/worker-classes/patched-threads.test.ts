// An application that patches the standard library itself, under a class that needs the real one.

import assert from 'node:assert/strict';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const PATCHES = {
  gevent: 'from gevent import monkey\nmonkey.patch_all()\n',
  eventlet: 'import eventlet\neventlet.monkey_patch()\n',
} as const;

const APP = `
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
`;

for (const [library, patch] of Object.entries(PATCHES)) {
  scenario(
    `gthread with an application that ${library} has patched ends with an explanation`,
    async (scene) => {
      const files = { 'app.py': patch + APP };
      const args = ['--worker-class', 'gthread', '--bind', `unix:${scene.path('s.sock')}`];
      const { code, text } = await scene.run({ app: 'app', args, files });
      assert.equal(code, 4);
      assert.match(text, new RegExp(`replaces the threads that worker_class gthread .* use worker_class ${library}`));
    },
    { skip: otherServer && 'only for Tunicorn' },
  );
}
