// Generates docs/settings.md from the settings table. Pure.

import { bySection, describeDefault, isSwitch, valueForm, wrap } from '../cli/help.ts';
import { checkOf, isRepeatable } from '../settings/kinds/kinds.ts';
import { pythonRepr } from '../settings/kinds/python-repr.ts';
import type { Declaration } from '../settings/setting.ts';
import { anchor } from './anchor.ts';

const LINE_LENGTH = 120;

const OPENING = `# Settings

This page is generated from the settings table in \`src/settings/table/\`; change it there.

A setting has the same name in the config file (\`workers = 4\`) and, with dashes, as a flag (\`--workers 4\`), with few
exceptions. Sources, from the weakest to the strongest: the default, values from an embedding program, the config file,
flags in the environment variable \`GUNICORN_CMD_ARGS\`, flags on the command line. A stronger source replaces a weaker
one; lists are replaced as a whole. \`tunicorn --print-config\` shows the result, and \`tunicorn --show-origins\` also the
source of each value.

Unless marked as Tunicorn's own, a setting is Gunicorn's and has the same meaning. SIGHUP applies changed values, unless
a setting says that a change takes a restart.
`;

export function formatSettingsPage(settings: readonly (readonly [string, Declaration])[]): string {
  const sections = [...bySection(settings)];
  const contents = sections.map(([section, declarations]) => {
    const links = declarations.map(([name]) => `[${name}](#${anchor(name)})`).join(', ');
    return wrap(`- [${section}](#${anchor(section)}): ${links}`, LINE_LENGTH - 2).join('\n  ');
  });
  const parts = [OPENING, `## Contents\n\n${contents.join('\n')}\n`];
  for (const [section, declarations] of sections) {
    parts.push(`## ${section}\n`, ...declarations.map(([name, declaration]) => describe(name, declaration)));
  }
  return parts.join('\n');
}

function describe(name: string, declaration: Declaration): string {
  const lines = [`### ${name}`, '', ...wrap(declaration.summary, LINE_LENGTH), ''];
  if (declaration.detail !== undefined) lines.push(...wrap(declaration.detail, LINE_LENGTH), '');
  lines.push(...facts(declaration).map((fact) => `- ${fact}`), '');
  return lines.join('\n');
}

function facts(declaration: Declaration): string[] {
  const { flags, environment, own, usedBy, reloadable, pending, withoutIt } = declaration;
  return [
    `Flag: ${flags.length === 0 ? 'none, config file only' : flags.map((flag) => flagForm(flag, declaration)).join(', ')}`,
    `Value: ${checkOf(declaration).wanted}`,
    `Default: ${defaultForm(declaration)}${environment === undefined ? '' : `, or from \`$${environment.variable}\``}`,
    `Used by: ${usedBy.join(', ')}`,
    ...(reloadable ? [] : ['A change takes a restart.']),
    ...(own === true ? ["Tunicorn's own."] : []),
    ...(pending === undefined ? [] : [pendingForm(pending, withoutIt)]),
  ];
}

function pendingForm(pending: string, withoutIt: Declaration['withoutIt']): string {
  if (withoutIt === 'refuse') return `Refused yet: Tunicorn has no ${pending}, and does not start with this setting.`;
  return `No effect yet: Tunicorn has no ${pending}.`;
}

function flagForm(flag: string, declaration: Declaration): string {
  if (isSwitch(declaration)) return `\`${flag}\``;
  const form = `\`${flag} ${valueForm(declaration)}\``;
  return isRepeatable(declaration.kind) ? `${form} (may be repeated)` : form;
}

function defaultForm(declaration: Declaration): string {
  return declaration.defaultFrom === undefined
    ? `\`${pythonRepr(declaration.default)}\``
    : describeDefault(declaration);
}
