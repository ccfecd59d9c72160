// The mounts of a root file system in a mount namespace, as lines of shell.

export interface RootMounts {
  /** An empty folder where the root appears. */
  readonly target: string;
  /** Read-only layers, the topmost first. */
  readonly layers: readonly string[];
  /** Where changes go. Without it the root is read-only. */
  readonly changes?: { readonly upper: string; readonly work: string };
  /** Folders of this machine that appear in the root, read-only, by their path there. */
  readonly binds?: Readonly<Record<string, string>>;
  /** Paths with an empty file system in memory. */
  readonly memory?: readonly string[];
}

/** As container engines give it. */
const SHARED_MEMORY = '64m';
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/** In new mount and, for the right /proc, PID namespaces; the caller executes `chroot` afterwards. */
export function mountLines(mounts: RootMounts): string {
  const { target, layers, changes, binds = {}, memory = [] } = mounts;
  const at = (path: string): string => quote(`${target}${path}`);
  const writable = changes === undefined ? '' : `,upperdir=${changes.upper},workdir=${changes.work}`;
  // An overlay needs two lower layers or an upper one.
  const lower = changes === undefined && layers.length === 1 ? [...layers, `${target}.empty`] : layers;
  return [
    'set -e',
    'mount --make-rprivate /',
    `mkdir -p ${quote(target)} ${quote(`${target}.empty`)}`,
    `mount -t overlay overlay -o ${quote(`lowerdir=${lower.join(':')}${writable}`)} ${quote(target)}`,
    `mount -t proc proc ${at('/proc')}`,
    `mount -t sysfs -o ro sysfs ${at('/sys')} 2>/dev/null || true`,
    `mount -t tmpfs -o mode=755,size=1m tmpfs ${at('/dev')}`,
    ...DEVICES.map((name) => `touch ${at(`/dev/${name}`)}; mount --bind /dev/${name} ${at(`/dev/${name}`)}`),
    `ln -s /proc/self/fd ${at('/dev/fd')}`,
    ...['stdin', 'stdout', 'stderr'].map((name, fd) => `ln -s /proc/self/fd/${fd} ${at(`/dev/${name}`)}`),
    `mkdir ${at('/dev/shm')}`,
    `mount -t tmpfs -o mode=1777,size=${SHARED_MEMORY} shm ${at('/dev/shm')}`,
    ...memory.map((path) => `mount -t tmpfs -o mode=1777 tmpfs ${at(path)}`),
    ...Object.entries(binds).flatMap(([path, source]) => [
      `if [ -d ${quote(source)} ]; then mkdir -p ${at(path)}; else touch -a ${at(path)} 2>/dev/null || true; fi`,
      `mount --bind ${quote(source)} ${at(path)}`,
      `mount -o remount,bind,ro ${at(path)}`,
    ]),
  ].join('\n');
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
