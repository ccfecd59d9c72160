// The first steps of README.md, as data: what a newcomer writes and types for each framework.

export interface Step {
  /** As the comment on top of the commands names it. */
  readonly framework: string;
  /** Files to write first, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** The lines to type; the last one is the server. */
  readonly commands: readonly string[];
  /** What to type meanwhile in another terminal. */
  readonly elsewhere: readonly string[];
}

const HEADING = '## First steps';
const ELSEWHERE = /^# (.+), in another terminal$/;
const FENCE = /^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm;

export function readSteps(readme: string): readonly Step[] {
  const start = readme.indexOf(`${HEADING}\n`);
  if (start < 0) throw new Error(`README.md has no heading "${HEADING}"`);
  const [section = ''] = readme.slice(start + HEADING.length).split(/^## /m);
  const steps: Step[] = [];
  let files: Record<string, string> = {};
  for (const [, language, name, text = ''] of section.matchAll(FENCE)) {
    if (name !== undefined) {
      files[name] = text;
      continue;
    }
    const [title = '', ...lines] = text.trimEnd().split('\n');
    if (language !== 'sh' || !title.startsWith('# ')) continue;
    const commands = lines.filter((line) => line !== '' && !line.startsWith('#'));
    const framework = ELSEWHERE.exec(title)?.[1];
    if (framework === undefined) {
      steps.push({ framework: title.slice(2), files, commands, elsewhere: [] });
      files = {};
      continue;
    }
    const index = steps.findIndex((step) => step.framework === framework);
    const step = steps[index];
    if (step === undefined) throw new Error(`"${title}" comes before "# ${framework}"`);
    steps[index] = { ...step, elsewhere: commands };
  }
  return steps;
}
