// A newer version of the page: told when it is there, looked for when the node was away, changed over to once drafts are on the disk.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { PageVersion } from '../../../node/web/model/page-version.ts';
import { parseDeviceId } from '../../../src/realm/ids.ts';
import { HandClock } from './hand-clock.ts';
import { CLERK, ScriptedClient } from './scripted-client.ts';

const ME = { user: CLERK, device: parseDeviceId('00000000-0000-4000-8000-0000000000d1') };
const MINUTE = 60_000;

function start(t: TestContext) {
  const done: string[] = [];
  let tell: (isOther: boolean) => void = () => {};
  const version = {
    onChange: (listener: (isOther: boolean) => void) => {
      tell = listener;
      return () => done.push('unheard');
    },
    look: () => done.push('look'),
    reload: () => done.push('reload'),
  };
  const client = new ScriptedClient();
  const clock = new HandClock();
  const page = new PageVersion({ client, clock, version });
  page.start();
  t.after(() => page.stop());
  return {
    page,
    clock,
    done,
    other: (isOther: boolean) => tell(isOther),
    ready: () => client.tell('ready', { me: ME }),
  };
}

test('another version is told while it is another one', (t) => {
  const { page, other } = start(t);
  assert.equal(page.isNewer.value, false);
  other(true);
  assert.equal(page.isNewer.value, true);
  other(false);
  assert.equal(page.isNewer.value, false);
});

test('it is looked for when the node is back, not with each blink of the line, and by a page that stays open', (t) => {
  const { clock, done, ready, page } = start(t);
  ready();
  ready();
  clock.pass(MINUTE);
  ready();
  assert.deepEqual(done, ['look']);
  clock.pass(5 * MINUTE);
  ready();
  assert.deepEqual(done, ['look', 'look']);
  clock.pass(6 * 60 * MINUTE);
  assert.deepEqual(done, ['look', 'look', 'look']);
  page.stop();
  clock.pass(24 * 60 * MINUTE);
  assert.deepEqual(done, ['look', 'look', 'look', 'unheard']);
});

test('the page goes when what is typed is on the disk', async (t) => {
  const { page, done } = start(t);
  await page.changeOver(async () => void done.push('settled'));
  assert.deepEqual(done, ['settled', 'reload']);
});
