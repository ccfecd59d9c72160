# bin/tunicorn sources this if /bin/sh is process 1, as in a container. Orphans become children of process 1, which must reap them, but
# Node.js reaps only processes that it has started. So a small Python program stays process 1, and Node.js is its child.

export TUNICORN_OPEN_FILES="$(ulimit -Sn)" TUNICORN_CA_CERTS="$NODE_EXTRA_CA_CERTS" NODE_EXTRA_CA_CERTS=
program="$(dirname "$(readlink -f "$0")")/../python/tunicorn/helpers/process_one.py"
named=
previous=
for argument do
  case $argument in --python=*) named=${argument#--python=} ;; esac
  case $previous in --python) named=$argument ;; esac
  previous=$argument
done

# Any Python will do, not only the application's.
for python in "$named" "$named/bin/python" python3 "$VIRTUAL_ENV/bin/python" .venv/bin/python venv/bin/python; do
  if "$python" -I -S -c 'import signal; signal.sigwaitinfo' 2>/dev/null; then
    exec "$python" -I -S "$program" "${TUNICORN_NODE:-node}" --optimize-for-size --v8-pool-size=0 "$0" "$@"
  fi
done

# Without a Python, the log warns about it (src/cli/process-one.ts).
exec "${TUNICORN_NODE:-node}" --optimize-for-size --v8-pool-size=0 "$0" "$@"
