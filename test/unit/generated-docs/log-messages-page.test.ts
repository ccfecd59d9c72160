import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatLogMessagesPage } from '../../../src/generated-docs/log-messages-page.ts';
import { readPythonMessages } from '../../../src/generated-docs/python-messages.ts';
import { AREAS } from '../../../src/log/catalog/areas.ts';
import { root, venvPython } from '../../harness/project.ts';

const python = readPythonMessages(venvPython);
const declared = [
  ...AREAS.flatMap(({ messages }) => Object.values(messages)),
  ...python.flatMap((area) => area.messages),
];

test('docs/log-messages.md is the output of `npm run docs`', () => {
  const page = readFileSync(join(root, 'docs', 'log-messages.md'), 'utf8');
  assert.equal(page, formatLogMessagesPage(AREAS, python));
});

test('each message has its cause and remedy in whole sentences', () => {
  for (const { text, cause, remedy } of declared) {
    for (const sentence of [cause, remedy]) assert.match(sentence, /^[A-Z`].*[.`]$/, text);
  }
});

test('a text that several tables declare has one level, one cause and one remedy', () => {
  const seen = new Map<string, object>();
  for (const message of declared)
    assert.deepEqual(message, seen.get(message.text) ?? message, message.text) ?? seen.set(message.text, message);
});

test('each area has its own title in the table of contents', () => {
  const titles = AREAS.map(({ title }) => title);
  assert.equal(new Set(titles).size, titles.length);
});
