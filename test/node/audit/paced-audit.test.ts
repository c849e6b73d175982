// Whoever is refused without end fills no disk, and what was withheld is told by its number.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuditLog } from '../../../node/audit/audit-log.ts';
import { PacedAudit } from '../../../node/audit/paced-audit.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { HandClock } from '../hand-clock.ts';

const LIMIT = { timeout: 30_000 };
const MINUTE = 60_000;

test(
  'refusals of one actor are paced and counted, other actors and what was done are written whole',
  LIMIT,
  async (t) => {
    const database = await openDatabase(await temporaryFolder(t));
    t.after(() => database.close());
    const clock = new HandClock(Date.UTC(2026, 0, 1));
    const audit = new PacedAudit(new AuditLog({ database, clock }), clock);
    const refused = (actor: string) => audit.record({ code: 'access-refused', actor, fields: { what: 'group' } });
    for (let n = 0; n < 1000; n++) await refused('smith@kyiv.acme.ua');
    await refused('clerk@kyiv.acme.ua');
    for (let n = 0; n < 200; n++) await audit.record({ code: 'login', actor: 'smith@kyiv.acme.ua' });
    const count = async (code: string, actor?: string) =>
      (await audit.tail(10_000)).filter((one) => one.code === code && (!actor || one.actor === actor)).length;
    assert.equal(await count('access-refused', 'smith@kyiv.acme.ua'), 60);
    assert.equal(await count('access-refused', 'clerk@kyiv.acme.ua'), 1);
    assert.equal(await count('login'), 200);
    clock.advance(3 * MINUTE);
    for (let n = 0; n < 10; n++) await refused('smith@kyiv.acme.ua');
    assert.equal(await count('access-refused', 'smith@kyiv.acme.ua'), 63);
    const told = (await audit.tail(10_000)).filter(({ code }) => code === 'audit-withheld');
    assert.deepEqual(
      told.map(({ fields }) => fields),
      [{ code: 'access-refused', count: 940 }],
    );
    assert.equal((await audit.verify()).kind, 'whole');
  },
);
