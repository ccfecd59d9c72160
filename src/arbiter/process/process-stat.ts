// The text of /proc/PID/stat (proc_pid_stat(5)).

/**
 * Its fields from the third one, the state, on: `[0]` is field 3. The name before it, in parentheses, may contain anything, even parentheses and
 * spaces, so the fields are those that follow the last parenthesis.
 */
export function fieldsOfStat(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
