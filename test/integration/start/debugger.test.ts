// breakpoint() in an application that is being developed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { getText } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { command, otherServer, root, venvDir, venvPython } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const APP = `
def application(environ, start_response):
    answer = "before"
    breakpoint()
    start_response("200 OK", [("Content-Length", str(len(answer)))])
    return [answer.encode()]
`;

scenario(
  'in a terminal, breakpoint() in the only worker works interactively, and timeout does not end it',
  async (scene) => {
    scene.write('app.py', APP);
    const socket = scene.path('s.sock');
    const args = [...command, '--bind', `unix:${socket}`, '--reload', '--timeout', '1', 'app'];
    const child = spawn(venvPython, [join(root, 'test/harness/machine/on_terminal.py'), ...args], {
      cwd: scene.dir,
      env: { ...process.env, VIRTUAL_ENV: venvDir, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    // The terminal ends with it, and the server with the terminal.
    scene.defer(() => void child.kill('SIGKILL'));
    await eventually('the server to serve', () => /is serving/.test(text));
    const answer = getText({ path: socket });
    await eventually('the debugger to ask', () => text.includes('(Pdb)'));
    // Longer than `timeout` lets any request run: the arbiter looks several times a second.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    child.stdin.write('answer = "typed"\ncontinue\n');
    assert.equal(await answer, 'typed');
    // Not Ctrl-C, which pdb handles itself once it has been used.
    process.kill(Number(/Listening at: .* \((\d+)\)/.exec(text)?.[1]), 'SIGTERM');
    await eventually('the server to end', () => child.exitCode !== null);
  },
  { skip: otherServer && 'only for Tunicorn' },
);
