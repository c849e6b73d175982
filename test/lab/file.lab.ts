// 64 MiB from one branch to another, with both nodes and both clients restarted in the middle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileJourney } from './file-journey.ts';

const LIMIT = { timeout: 120_000 };
/** Kilobits a second. */
const LINE = 80_000;

test(
  'a file arrives whole whatever is restarted on its way, no chunk goes twice, and a second reader costs the line nothing',
  LIMIT,
  async (t) => {
    const journey = await fileJourney(64, LINE);
    t.diagnostic(JSON.stringify(journey));
    assert.equal(journey.received, journey.sent);
    assert.equal(journey.secondReceived, journey.sent);
    assert.equal(journey.second, 0);
    assert.equal(journey.fetched, journey.chunks);
    const [cutAt = 0] = journey.at;
    assert.ok(cutAt > 0 && cutAt < journey.chunks, `the restart met ${cutAt} chunks of ${journey.chunks}`);
    assert.equal(journey.served, journey.chunks);
  },
);
