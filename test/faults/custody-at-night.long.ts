// Real programs: a sender that shuts down at night still gets its mail delivered, though its custodian is killed meanwhile; and
// each realm tells its part of the way.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { askRoute, type WayLeg } from '../../node/admin/route-api.ts';
import { type MessageId, parseMessageId } from '../../src/realm/ids.ts';
import { arrivals } from './arrival-log.ts';
import { type Realm, startTwoBranches, type TwoBranches } from './two-branches.ts';

const LIMIT = { timeout: 180_000 };
const MESSAGES = 200;

describe('custody at night', LIMIT, () => {
  const signal = AbortSignal.timeout(LIMIT.timeout);
  let all: TwoBranches;

  before(async () => {
    all = await startTwoBranches(signal);
  });
  after(() => all.stop());

  /** The one leg of a message, as that realm's operator is told it. */
  const legOf = async (realm: Realm, id: MessageId): Promise<WayLeg | undefined> =>
    (await askRoute(realm.admin, id)).legs[0];

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      if (signal.aborted) throw new Error(`never: ${what}`);
      await pause(100);
    }
  }

  test('mail reaches a branch that comes back while its sender is away', LIMIT, async () => {
    const { kyiv, lviv, enterprise } = all;
    const ids = Array.from({ length: MESSAGES }, () => parseMessageId(randomUUID()));
    const [first, ...others] = ids;
    assert.ok(first);
    // The two have written before: there are keys to write with.
    await kyiv.client.send({ id: first, to: lviv.address, text: 'by day' });
    await until('the first arrived', async () => (await arrivals(lviv.url, lviv.client)).length === 1);
    await lviv.program('node').stop();
    for (const id of others) await kyiv.client.send({ id, to: lviv.address, text: `number ${id}` });
    await kyiv.client.drained(signal);
    const [last] = ids.slice(-1);
    assert.ok(last);
    await until('in custody', async () => (await legOf(kyiv, last))?.state === 'in-custody');
    const waiting = await legOf(kyiv, last);
    assert.deepEqual(
      waiting?.steps.map(({ kind, realm }) => [kind, realm]),
      [
        ['accepted', kyiv.realm],
        ['held', enterprise.realm],
      ],
    );
    assert.equal(waiting?.stuck?.realm, enterprise.realm);
    await kyiv.program('node').stop();
    await kyiv.program('relay').stop();
    await enterprise.crash('node');
    await lviv.start('node');
    await until('arrived', async () => (await arrivals(lviv.url, lviv.client).catch(() => [])).length >= MESSAGES);
    assert.deepEqual((await arrivals(lviv.url, lviv.client)).toSorted(), ids.toSorted());
    await kyiv.start('node', 'relay');
    await until('the sender knows', async () => (await legOf(kyiv, last))?.state === 'handed-over');
    const arrived = await legOf(kyiv, last);
    assert.ok(arrived?.steps.some(({ kind, realm }) => kind === 'arrived' && realm === lviv.realm));
    assert.equal((await legOf(lviv, last))?.path?.kind, 'custody');
  });
});
