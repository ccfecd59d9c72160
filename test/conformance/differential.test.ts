// The gateway's parser against Node's own, with generated and damaged requests: every difference belongs to a class of
// fuzz/differences.json, which gives its reason. `fuzz.ts` does the same for longer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RULES } from '../../src/gateway/http1/rules.ts';
import { readClasses, runCampaign } from './fuzz/campaign.ts';

const INPUTS = 20_000;
const SEED = 20_260_301;
const GROWTH_MAX_BYTES = 8 * 2 ** 20;

test(`${INPUTS} inputs differ from Node's parser in known ways only, however they are cut`, async () => {
  const campaign = await runCampaign({ count: INPUTS, seed: SEED });
  const shown = campaign.unexplained.slice(0, 10).map((difference) => JSON.stringify(difference));
  assert.equal(campaign.unexplained.length, 0, shown.join('\n'));

  // The campaign is worthwhile only if it reaches deep into messages, and nearly every rule and class.
  assert.ok(campaign.agreed > INPUTS * 0.7, String(campaign.agreed));
  const servedWell = campaign.outcomes.get('served, then open') ?? 0;
  assert.ok(servedWell > INPUTS * 0.1, String(servedWell));
  const reached = Object.keys(RULES).filter((rule) => campaign.outcomes.has(rule));
  assert.ok(reached.length >= Object.keys(RULES).length - 10, reached.join(' '));
  const met = [...campaign.classes.values()].filter((count) => count > 0);
  assert.ok(met.length >= 25, String(met.length));
});

test('parsing does not make memory grow', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const heapAfter = async (seed: number): Promise<number> => {
    await runCampaign({ count: INPUTS / 2, seed });
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const first = await heapAfter(1);
  const last = await heapAfter(2);
  assert.ok(last - first < GROWTH_MAX_BYTES, `${first} bytes, then ${last}`);
});

test('every class of differences has a name of its own, and a reason', () => {
  const classes = readClasses();
  assert.equal(new Set(classes.map(({ name }) => name)).size, classes.length);
  for (const { name, why } of classes) assert.match(why, /\.$/, name);
});
