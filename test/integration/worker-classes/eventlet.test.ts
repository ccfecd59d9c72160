// worker_class eventlet: green threads.

import { greenScenarios } from '../../harness/subjects/green-worker-class.ts';
import { scenariosOf } from '../../harness/subjects/many-at-once.ts';

scenariosOf({
  name: 'eventlet',
  args: (atOnce) => ['--worker-class', 'eventlet', '--worker-connections', String(atOnce)],
  onDeadline: 'goes on',
});
greenScenarios({
  name: 'eventlet',
  names: ['egg:gunicorn#eventlet', 'gunicorn.workers.geventlet.EventletWorker'],
  patchedModule: 'eventlet.greenio.base',
  patch: 'import eventlet; eventlet.monkey_patch()',
});
