// worker_class gevent: green threads.

import { greenScenarios } from '../../harness/subjects/green-worker-class.ts';
import { scenariosOf } from '../../harness/subjects/many-at-once.ts';

scenariosOf({
  name: 'gevent',
  args: (atOnce) => ['--worker-class', 'gevent', '--worker-connections', String(atOnce)],
  onDeadline: 'goes on',
});
greenScenarios({
  name: 'gevent',
  names: ['gevent_pywsgi', 'egg:gunicorn#gevent', 'gunicorn.workers.ggevent.GeventPyWSGIWorker'],
  patchedModule: 'gevent._socket3',
  patch: 'from gevent import monkey; monkey.patch_all()',
});
