// What `ps` shows for the arbiter.

/** People look for `arbiter [NAME]`, as they did for Gunicorn's `master [NAME]`. */
export function setArbiterTitle(procName: string): void {
  process.title = `tunicorn: arbiter [${procName}]`;
}
