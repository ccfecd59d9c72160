"""The standard library's own functions, for code that must work where gevent or eventlet has patched the library: the
forkserver, whose configuration file may do that, and real threads of a worker.

They are looked up when this module is imported, before any user code.
"""

from __future__ import annotations

import _thread
import os
import select
import time

fork = os.fork
waitpid = os.waitpid
poll = select.poll
epoll = select.epoll
read = os.read
write = os.write
sleep = time.sleep
start_thread = _thread.start_new_thread
allocate_lock = _thread.allocate_lock
