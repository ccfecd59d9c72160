// .dockerignore: which files of a context an image does not get.

export function readIgnored(text: string): (path: string) => boolean {
  const patterns = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(
      (line) =>
        new RegExp(
          `^${line
            .split(/(\*\*\/|\*)/)
            .map(toRegExp)
            .join('')}(/|$)`,
        ),
    );
  return (path) => patterns.some((pattern) => pattern.test(path));
}

function toRegExp(part: string): string {
  if (part === '**/') return '(.*/)?';
  if (part === '*') return '[^/]*';
  return part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
}
