// What Node.js cannot do as process 1 of a container. bin/as-process-1.sh has python/tunicorn/helpers/process_one.py stand there in its place.

/** For the log of a command that is process 1 all the same; null for any other. */
export function warningOfProcessOne(pid: number): string | null {
  if (pid !== 1) return null;
  return (
    'This is process 1, and Node.js does not reap orphans: processes that the application leaves behind stay as zombies, and an upgrade ' +
    '(USR2) ends with this process. Start the command bin/tunicorn itself, where there is a Python on PATH, or have an init (docker run --init)'
  );
}
