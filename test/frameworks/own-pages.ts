// The framework's own pages: an admin, a browsable API, API documentation.

import assert from 'node:assert/strict';
import { field } from '../harness/clients/http-connection.ts';
import { request } from '../harness/clients/http-request.ts';
import { type Check, cookiesAfter, looksLike } from './check.ts';

export const OWN = {
  name: 'own',
  says: 'pages of the framework itself: the admin of Django and Wagtail, with its login form; the browsable API of Django REST framework; `/docs` and `/openapi.json` of FastAPI (the others have none)',
} as const;

/** Logs in with the form of the admin, which has a CSRF token, and looks at its first page and its style sheet. */
export function adminOf(path: string, text: RegExp, styleSheet: string): Check {
  return {
    ...OWN,
    run: async ({ target }) => {
      looksLike(await request(target, path), { status: 302 });
      const page = await request(target, `${path}login/`);
      const token = /name="csrfmiddlewaretoken" value="(\w+)"/.exec(page.body.toString())?.[1] ?? '';
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Cookie: cookiesAfter('', page) };
      const password = 'a+superuser+of+the+grid';
      const body = `csrfmiddlewaretoken=${token}&username=admin&password=${password}&next=${path}`;
      const entered = await request(target, `${path}login/`, { method: 'POST', headers, body });
      assert.deepEqual([entered.status, field(entered, 'Location')], [302, path], entered.body.toString());
      const Cookie = cookiesAfter(headers.Cookie, entered);
      looksLike(await request(target, path, { headers: { Cookie } }), { text });
      looksLike(await request(target, styleSheet), { type: /^text\/css/ });
    },
  };
}

export const browsableApi: Check = {
  ...OWN,
  run: async ({ target }) => {
    looksLike(await request(target, '/api/users/'), { json: [{ username: 'admin' }] });
    const headers = { Accept: 'text/html' };
    looksLike(await request(target, '/api/users/', { headers }), { text: /Django REST framework/ });
    const bad = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"numbers": ["x"]}' };
    looksLike(await request(target, '/json', bad), { status: 400, text: /A valid integer is required/ });
  },
};

export const documentedApi: Check = {
  ...OWN,
  run: async ({ target }) => {
    looksLike(await request(target, '/docs'), { text: /swagger-ui/ });
    looksLike(await request(target, '/openapi.json'), { text: /"openapi":/ });
    looksLike(await request(target, '/query?a=x&b=y'), { status: 422, text: /valid integer/ });
  },
};
