// A Dockerfile as data: the instructions that the tests can follow. Any other is an error, so that no test passes without following it.

export type Instruction =
  | { readonly name: 'FROM'; readonly image: string; readonly stage: string }
  | { readonly name: 'ENV'; readonly values: Readonly<Record<string, string>> }
  | { readonly name: 'RUN'; readonly mounts: readonly Mount[]; readonly script: string }
  | {
      readonly name: 'COPY';
      readonly from: string | undefined;
      readonly sources: readonly string[];
      readonly to: string;
    }
  | { readonly name: 'WORKDIR' | 'USER' | 'EXPOSE' | 'STOPSIGNAL'; readonly value: string }
  | { readonly name: 'CMD' | 'HEALTHCHECK'; readonly command: readonly string[] };

/** `--mount=type=bind,from=SOURCE,target=PATH` */
interface Mount {
  readonly from: string;
  readonly target: string;
}

export function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return lines.map((line, index) => {
    const stagesBefore = lines.slice(0, index).filter((other) => other.startsWith('FROM ')).length;
    return parseLine(line, String(stagesBefore));
  });
}

function parseLine(line: string, stageNumber: string): Instruction {
  const { name = '', rest = '' } = /^(?<name>[A-Z]+)\s+(?<rest>.*)$/.exec(line)?.groups ?? {};
  const { options, words } = splitOptions(rest);
  switch (name) {
    case 'FROM':
      return { name, image: words[0] ?? '', stage: words[1] === 'AS' ? (words[2] ?? '') : stageNumber };
    case 'ENV':
      return { name, values: Object.fromEntries(words.map(assignment)) };
    case 'RUN':
      return { name, mounts: options.map(mountOf), script: words.join(' ') };
    case 'COPY': {
      const [from, ...others] = options.map((option) => /^--from=(.+)$/.exec(option)?.[1] ?? unknown(line));
      if (others.length > 0) unknown(line);
      return { name, from, sources: words.slice(0, -1), to: words.at(-1) ?? '' };
    }
    case 'WORKDIR':
    case 'USER':
    case 'EXPOSE':
    case 'STOPSIGNAL':
      return { name, value: rest };
    case 'CMD':
      return { name, command: execForm(rest) };
    case 'HEALTHCHECK':
      return { name, command: execForm(words.join(' ').replace(/^CMD\s+/, '')) };
    default:
      return unknown(line);
  }
}

function splitOptions(rest: string): { readonly options: readonly string[]; readonly words: readonly string[] } {
  const all = rest.split(/\s+/);
  const first = all.findIndex((word) => !word.startsWith('--'));
  return { options: all.slice(0, first), words: all.slice(first) };
}

function assignment(word: string): readonly [string, string] {
  const at = word.indexOf('=');
  return at > 0 ? [word.slice(0, at), word.slice(at + 1)] : unknown(word);
}

function mountOf(option: string): Mount {
  const fields = new Map(/^--mount=(.+)$/.exec(option)?.[1]?.split(',').map(assignment) ?? unknown(option));
  const [from, target] = [fields.get('from'), fields.get('target')];
  if (fields.get('type') !== 'bind' || from === undefined || target === undefined) return unknown(option);
  return { from, target };
}

function execForm(text: string): readonly string[] {
  const words: unknown = JSON.parse(text);
  return Array.isArray(words) ? words.map(String) : unknown(text);
}

function unknown(text: string): never {
  throw new Error(`The tests cannot follow this part of a Dockerfile: ${text}`);
}
