// Generates docs/log-messages.md from the tables of log messages of both languages. Pure.

import type { Area } from '../log/catalog/areas.ts';
import type { LogLevel } from '../log/log-line.ts';
import type { Message } from '../log/message.ts';
import { anchor } from './anchor.ts';
import type { PythonArea } from './python-messages.ts';

const OPENING = `# Log messages

This page is generated from the tables in \`src/log/catalog/\` and \`python/tunicorn/log/catalog/\`; change it there.

Every message of the error log, with its level, its cause and what to do about it. Words in braces are values that vary.
Messages marked *Gunicorn's* have Gunicorn's text word for word. How the logs are configured is in [logging.md](logging.md).
`;

const LEVELS: readonly LogLevel[] = ['critical', 'error', 'warning', 'info', 'debug'];

export function formatLogMessagesPage(areas: readonly Area[], python: readonly PythonArea[]): string {
  const titles = [...new Set([...areas, ...python].map(({ title }) => title))];
  const contents = titles.map((title) => `- [${title}](#${anchor(title)})`);
  const sections = titles.map((title) => {
    const messages = [
      ...areas.filter((area) => area.title === title).flatMap((area) => Object.values(area.messages)),
      ...python.filter((area) => area.title === title).flatMap((area) => area.messages),
    ];
    return `## ${title}\n\n${bySeverity(messages).map(describe).join('\n')}`;
  });
  return [OPENING, `${contents.join('\n')}\n`, ...sections].join('\n');
}

/** Most severe first. Texts that both languages log appear once. */
function bySeverity(messages: readonly Message[]): readonly Message[] {
  const each = [...new Map(messages.toReversed().map((message) => [message.text, message])).values()].toReversed();
  return LEVELS.flatMap((level) => each.filter((message) => message.level === level));
}

function describe({ level, text, cause, remedy, isGunicorns }: Message): string {
  const marks = isGunicorns === true ? `${level}, *Gunicorn's*` : level;
  return [
    `\`\`\`text\n${text}\n\`\`\`\n`,
    `- Level: ${marks}`,
    `- Cause: ${cause}`,
    `- What to do: ${remedy}`,
    '',
  ].join('\n');
}
