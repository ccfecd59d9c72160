// Programs that embed the server, and starts them.

import { freePort, type Scene } from '../scenario.ts';
import type { Server } from '../server.ts';

export const answer = (text: string): string => `
def handler_app(environ, start_response):
    body = ${JSON.stringify(text)}.encode()
    start_response('200 OK', [('Content-Length', str(len(body)))])
    return [body]
`;

export const standalone: string = `
import gunicorn.app.base

class StandaloneApplication(gunicorn.app.base.BaseApplication):
    def __init__(self, app, options=None):
        self.options = options or {}
        self.application = app
        super().__init__()

    def load_config(self):
        config = {key: value for key, value in self.options.items()
                  if key in self.cfg.settings and value is not None}
        for key, value in config.items():
            self.cfg.set(key.lower(), value)

    def load(self):
        return self.application
`;

/** The program of Gunicorn's documentation. */
export function program(text: string, settings: string, before: string = ''): string {
  return `${standalone}\n${answer(text)}\n${before}
if __name__ == '__main__':
    StandaloneApplication(handler_app, {${settings}}).run()
`;
}

export interface Started {
  readonly server: Server;
  readonly bind: string;
}

/** \`files\` is passed the address to bind to. */
export async function startProgram(
  scene: Scene,
  files: (bind: string) => Readonly<Record<string, string>>,
  args: readonly string[] = ['app.py'],
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const port = await freePort();
  const bind = `127.0.0.1:${port}`;
  const target = { host: '127.0.0.1', port };
  const server = await scene.program({ args, files: files(bind), env, target });
  await server.ready();
  return { server, bind };
}
