// The log lines that tests rely on, in one place.

export const listening = /Listening at: (\S+) \((\d+)\)/;
export const bootingWorker = /Booting worker with pid: (\d+)/;
export const workerExiting = /Worker exiting \(pid: (\d+)\)/;
/** The first sign that requests are answered. For servers other than Tunicorn, see TUNICORN_TEST_READY. */
export const serving = new RegExp(process.env.TUNICORN_TEST_READY ?? 'Generation \\d+ is serving');
export const gaveUp = /Generation (\d+) gave up/;
export const backingOff =
  /(?:A worker has failed to boot|Workers keep failing to boot \(\d+ in a row\)): the next one is forked in (\d+) s/;
export const usingPython = /Using Python (\d+)\.(\d+)\.(\d+)\S* at (\S+)(?: \((.*)\))?/;
export const shuttingDown = /Shutting down/;

export function generationServing(number: number): RegExp {
  return new RegExp(`Generation ${number} is serving`);
}

export function handlingSignal(name: string): RegExp {
  return new RegExp(`\\[INFO\\] Handling signal: ${name}$`);
}

export function workerTimeout(pid: number): RegExp {
  return new RegExp(`\\[CRITICAL\\] WORKER TIMEOUT \\(pid:${pid}\\)`);
}

export function workerKilled(pid: number): RegExp {
  return new RegExp(`\\[ERROR\\] Worker \\(pid:${pid}\\) was sent SIGKILL! Perhaps out of memory\\?`);
}
