// docs/first-steps.md: the terminals of a newcomer, as text.

import type { Step } from './readme-steps.ts';
import type { Entry } from './transcript.ts';

export interface Record {
  readonly step: Step;
  readonly entries: readonly Entry[];
}

export function firstStepsPage(records: readonly Record[]): string {
  return `# First steps

What a newcomer sees. A test types the lines of [README.md](../README.md#first-steps) on a fresh Debian 12 with Python and without Node.js, as an ordinary user, and
records the terminals; \`npm run docs:first-steps\` writes this page. Times and process ids are replaced, and of pip's lines only the last is shown. pip takes its
packages from a folder, so no network is needed.

${records.map(stepSection).join('\n')}`;
}

export function stepSection({ step, entries }: Record): string {
  const files = Object.entries(step.files).map(
    ([name, text]) => `\`${name}\`:\n\n\`\`\`${name.split('.').at(-1) === 'py' ? 'python' : ''}\n${text}\`\`\`\n`,
  );
  const first = entries.filter(({ terminal }) => terminal === 'first');
  const other = entries.filter(({ terminal }) => terminal === 'other');
  return [
    `## ${step.framework}\n`,
    ...files,
    `\`\`\`console\n${first.map(typed).join('\n')}\n\`\`\`\n`,
    'In another terminal, before Ctrl-C:\n',
    `\`\`\`console\n${other.map(typed).join('\n')}\n\`\`\`\n`,
  ].join('\n');
}

function typed({ line, output }: Entry): string {
  return [`$ ${line}`, ...output].join('\n').trimEnd();
}
