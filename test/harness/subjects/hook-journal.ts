// A journal of hook calls, in their order. The other half is test/apps/support/hook_journal.py.

import { existsSync, readFileSync } from 'node:fs';
import { eventually } from '../deadline.ts';
import type { LaunchOptions, Scene } from '../scenario.ts';

export interface HookCall {
  readonly hook: string;
  /** The process in which it ran. */
  readonly pid: number;
  readonly mainThread: boolean;
  readonly [detail: string]: unknown;
}

export class HookJournal {
  readonly #path: string;

  constructor(scene: Scene) {
    this.#path = scene.path('journal');
  }

  /** Installs the named hooks, or all of them; `config` comes after that. */
  launchOptions(
    config: string,
    hooks: readonly string[] = [],
  ): LaunchOptions & { readonly files: Record<string, string> } {
    return {
      app: 'app',
      files: { 'app.py': HELLO, 'gunicorn.conf.py': `${installing(hooks)}\n${config}\n` },
      env: this.env,
    };
  }

  get env(): Record<string, string> {
    return { LEDGER: this.#path };
  }

  calls(): readonly HookCall[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as HookCall);
  }

  names(): readonly string[] {
    return this.calls().map(({ hook }) => hook);
  }

  of(hook: string): readonly HookCall[] {
    return this.calls().filter((call) => call.hook === hook);
  }

  /** Waits for this many calls of the hook, and returns the last. */
  async waitFor(hook: string, count: number = 1): Promise<HookCall> {
    const what = (): string => `${count} calls of ${hook}; there are: ${this.names().join(', ')}`;
    try {
      return await eventually('calls', () => this.of(hook)[count - 1]);
    } catch {
      throw new Error(`waited in vain for ${what()}`);
    }
  }
}

function installing(hooks: readonly string[] = []): string {
  const names = hooks.map((name) => `, ${JSON.stringify(name)}`).join('');
  return `import os, hook_journal\nhook_journal.install(globals()${names})`;
}

const HELLO = `import os
def application(environ, start_response):
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`;
