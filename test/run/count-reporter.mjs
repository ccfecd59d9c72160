// A reporter of node:test: the number of tests that passed, failed and were skipped, as JSON, for the total of all runners.

const COUNT = /^(tests|pass|fail|cancelled|skipped) (\d+)$/;

export default async function* count(events) {
  const counts = {};
  for await (const { type, data } of events) {
    const found = type === 'test:diagnostic' ? COUNT.exec(data.message) : null;
    // A file may report counts of its own; those of the whole run come last.
    if (found !== null) counts[found[1]] = Number(found[2]);
  }
  yield JSON.stringify(counts);
}
