// Checks that the log files of new settings can be written, before the settings are used. Creates the files, so that processes that open
// them later as another user find them.

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
