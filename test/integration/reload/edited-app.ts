// The application whose files the tests of the setting reload edit.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import type { Scene } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

/** Answers with the text of the module `text`; `/lazy` imports another one first. */
export const APP: string = `import text

def application(environ, start_response):
    body = text.TEXT
    if environ["PATH_INFO"] == "/lazy":
        import lazy
        body = lazy.TEXT
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`;

export const textIs = (text: string): string => `TEXT = b"${text}"\n`;
export const files: Readonly<Record<string, string>> = {
  'app.py': APP,
  'text.py': textIs('first'),
  'lazy.py': textIs('lazy'),
};

export async function changesText(scene: Scene, server: Server, text: string): Promise<void> {
  assert.notEqual(readFileSync(scene.path('text.py'), 'utf8'), textIs(text));
  scene.write('text.py', textIs(text));
  await serves(server, text);
}

/** Waits for that response; until then there may be a page with a traceback. */
export async function serves(server: Server, text: string, path: string = '/'): Promise<void> {
  await eventually(`the text ${text}`, async () => {
    const response = await request(server.target, path);
    return response.status === 200 && response.body.toString() === text;
  });
}
