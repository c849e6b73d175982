// A host whose clock leaps by a day while it runs, and stands at 1970 when it starts: people go on writing, in order, no
// certificate looks wrong, and the operator is told.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { awaitColleague } from '../../cli/demo/demo-check.ts';
import type { Client } from '../../src/client/client.ts';
import { type Clock, systemClock } from '../../src/realm/clock.ts';
import { until } from '../overlay/hosts.ts';
import { Tree } from './whole-realm.ts';

const LIMIT = { timeout: 120_000 };
const DAY = 24 * 60 * 60 * 1000;
const KYIV = 'kyiv.acme.ua';
const LVIV = 'lviv.acme.ua';
let tree: Tree;
let kyiv: Client;
let lviv: Client;
/** Added to what the host of kyiv says. */
let off = 0;
const wrong: Clock = { ...systemClock, now: () => Date.now() + off };

before(async () => {
  tree = await Tree.plant();
  await tree.grow(['ua', 'region'], ['acme.ua', 'enterprise'], [LVIV, 'branch']);
  await (await tree.add(KYIV, 'branch', wrong)).start();
  kyiv = await tree.at(KYIV).person('clerk');
  lviv = await tree.at(LVIV).person('engineer');
  await awaitColleague(kyiv, `engineer@${LVIV}`, systemClock, AbortSignal.timeout(40_000));
  await awaitColleague(lviv, `clerk@${KYIV}`, systemClock, AbortSignal.timeout(40_000));
}, LIMIT);

after(async () => {
  for (const client of [kyiv, lviv]) client?.disconnect();
  await tree.fell();
});

const status = () => tree.at(KYIV).admin.status();

/** Sends in turn from one side and the other; resolves with what each shows, in order. */
async function talk(label: string): Promise<void> {
  const [seenByKyiv, seenByLviv]: [string[], string[]] = [[], []];
  const ends = [
    kyiv.on('message', ({ text }) => text?.startsWith(label) && seenByKyiv.push(text)),
    lviv.on('message', ({ text }) => text?.startsWith(label) && seenByLviv.push(text)),
  ];
  const all: string[] = [];
  for (let number = 0; number < 6; number++) {
    const text = `${label} ${number}`;
    if (number % 2 === 0) await kyiv.send({ to: `engineer@${LVIV}`, text });
    else await lviv.send({ to: `clerk@${KYIV}`, text });
    all.push(text);
    await until(() => (number % 2 === 0 ? seenByLviv : seenByKyiv).includes(text), 20_000);
  }
  for (const end of ends) end();
  const others = (parity: number): string[] => all.filter((_, index) => index % 2 === parity);
  assert.deepEqual(
    seenByLviv.filter((text) => others(0).includes(text)),
    others(0),
  );
  assert.deepEqual(
    seenByKyiv.filter((text) => others(1).includes(text)),
    others(1),
  );
}

/** Nobody was refused or cut for a certificate since `begun` records. */
function assertNoCascade(begun: number): void {
  for (const name of [KYIV, LVIV, 'acme.ua']) {
    const bad = tree
      .at(name)
      .events.slice(name === KYIV ? begun : 0)
      .filter(({ reason }) => reason.startsWith('cert-'));
    assert.deepEqual(bad, [], name);
  }
}

describe('fault 20: a wrong clock', LIMIT, () => {
  test(
    'a leap of a day, forward or back: messages go on in order, no certificate fails, the skew is named',
    LIMIT,
    async () => {
      for (const leap of [DAY, -DAY]) {
        await talk(`before ${leap}`);
        off = leap;
        await until(
          async () => /clock of this host is 14(39|40) minutes/.test((await status()).warnings.join('\n')),
          20_000,
        );
        await talk(`after ${leap}`);
        const skew = (await status()).realms.find(({ realm }) => realm === LVIV)?.clockSkew ?? Number.NaN;
        assert.ok(Math.abs(skew) < 60_000, `the time that is used differs by ${skew} ms`);
        off = 0;
        await until(async () => !/clock of this host/.test((await status()).warnings.join('\n')), 20_000);
      }
      assertNoCascade(0);
    },
  );

  test('at 1970 the server starts, goes on from the time of its last run, and says so', LIMIT, async () => {
    const realm = tree.at(KYIV);
    kyiv.disconnect();
    await realm.stop();
    const begun = realm.events.length;
    off = -Date.now();
    await realm.start();
    assert.match(
      (await status()).warnings.join('\n'),
      /clock of this host is \d{7,} minutes behind the time that is used \(20\d\d-/,
    );
    await until(async () => (await status()).relay.connected, 20_000);
    kyiv.connect();
    await talk('at 1970');
    assertNoCascade(begun);
    assert.ok(realm.log.some(({ phrase, level }) => level === 'error' && phrase === 'the clock of this host is wrong'));
  });
});
