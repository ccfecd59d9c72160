// Refuses settings whose log files cannot be written. Called at the start, and at each reload, before anything is done
// with the settings. Makes the files, so that whoever opens them later, as whatever user, finds them there.

import { prepareLogFile } from '../../log/log-file.ts';
import type { Resolution, ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';

export function withWritableLogs(resolution: Resolution): Resolution {
  if (!resolution.ok) return resolution;
  const trouble = logTrouble(resolution.resolved);
  return trouble === null ? resolution : { ok: false, errors: [trouble] };
}

function logTrouble({ gateway, ids }: ResolvedSettings): string | null {
  const owner = { uid: ids.userId, gid: ids.groupId };
  return prepareLogFile(gateway.errorLog, owner) ?? prepareLogFile(gateway.accessLog, owner);
}
