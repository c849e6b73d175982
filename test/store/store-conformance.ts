// What every engine behind a Database must do. Each engine's test runs these over its own.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as fc from 'fast-check';
import { createDatabase, type Database } from '../../src/store/database.ts';
import type { Engine, KeyRange, ReadView, Write } from '../../src/store/engine.ts';
import { type KeyPart, key, under } from '../../src/store/keys.ts';

/** A place that can be opened again after it was closed, with what it held. */
export interface Place {
  open(): Promise<Engine>;
}

const LIMIT = { timeout: 60_000 };

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const put = (parts: readonly KeyPart[], value: string): Write => ({
  type: 'put',
  key: key(...parts),
  value: text(value),
});

export async function rowsOf(view: ReadView, range: KeyRange): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  for await (const [rowKey, value] of view.iterate(range)) {
    rows.push([Buffer.from(rowKey).toString('hex'), Buffer.from(value).toString()]);
  }
  return rows;
}

const hex = (...parts: readonly KeyPart[]) => Buffer.from(key(...parts)).toString('hex');

export function conforms(engine: string, place: (t: TestContext) => Promise<Place>): void {
  const opened = async (t: TestContext): Promise<Database> => {
    const database = await createDatabase(await (await place(t)).open(), []);
    t.after(() => database.close());
    return database;
  };

  test(`${engine}: what was committed is read, what was deleted is not`, LIMIT, async (t) => {
    const database = await opened(t);
    await database.commit([put(['a', 1], 'one'), put(['a', 2], 'two')]);
    await database.commit([{ type: 'del', key: key('a', 1) }]);
    assert.equal(await database.get(key('a', 1)), undefined);
    assert.deepEqual(await database.get(key('a', 2)), text('two'));
  });

  test(`${engine}: a range gives its rows in order, backwards and up to a limit`, LIMIT, async (t) => {
    const database = await opened(t);
    await database.commit([300, 2, 1, 70_000].map((n) => put(['n', n], String(n))));
    await database.commit([put(['m', 1], 'm'), put(['na'], 'na')]);
    const values = async (more: Partial<KeyRange>) =>
      (await rowsOf(database, { ...under('n'), ...more })).map(([, value]) => value);
    assert.deepEqual(await values({}), ['1', '2', '300', '70000']);
    assert.deepEqual(await values({ reverse: true }), ['70000', '300', '2', '1']);
    assert.deepEqual(await values({ limit: 2 }), ['1', '2']);
    assert.deepEqual(await values({ gte: key('n', 2), lt: key('n', 300) }), ['2']);
  });

  test(`${engine}: a snapshot does not see later commits`, LIMIT, async (t) => {
    const database = await opened(t);
    await database.commit([put(['a'], 'before')]);
    const snapshot = database.snapshot();
    await database.commit([put(['a'], 'after'), put(['b'], 'new')]);
    assert.deepEqual(await rowsOf(snapshot, under('a')), [[hex('a'), 'before']]);
    assert.equal(await snapshot.get(key('b')), undefined);
    await snapshot.close();
  });

  test(`${engine}: an empty value is a value`, LIMIT, async (t) => {
    const database = await opened(t);
    await database.commit([put(['empty'], '')]);
    assert.deepEqual(await database.get(key('empty')), new Uint8Array());
  });

  test(`${engine}: what was acknowledged is there after closing and opening`, LIMIT, async (t) => {
    const where = await place(t);
    const first = await createDatabase(await where.open(), []);
    const commits = Array.from({ length: 50 }, (_, n) => first.commit([put(['kept', n], String(n))]));
    await Promise.all(commits);
    await first.close();
    const second = await createDatabase(await where.open(), []);
    t.after(() => second.close());
    assert.equal((await rowsOf(second, under('kept'))).length, 50);
  });

  test(`${engine}: closing waits for the commits under way, and nothing goes in afterwards`, LIMIT, async (t) => {
    const where = await place(t);
    const database = await createDatabase(await where.open(), []);
    const commit = database.commit([put(['late'], 'in time')]);
    await Promise.all([commit, database.close()]);
    await assert.rejects(database.commit([put(['a'], 'a')]), { code: 'store-closed' });
    const again = await createDatabase(await where.open(), []);
    t.after(() => again.close());
    assert.deepEqual(await again.get(key('late')), text('in time'));
  });

  test(`${engine}: it holds what a plain map would hold after any commits`, LIMIT, async (t) => {
    const database = await opened(t);
    const step = fc.array(fc.record({ at: fc.nat(20), value: fc.option(fc.string(), { nil: undefined }) }), {
      maxLength: 5,
    });
    const model = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(step, async (writes) => {
        for (const { at, value } of writes) {
          if (value === undefined) model.delete(hex('p', at));
          else model.set(hex('p', at), Buffer.from(text(value)).toString());
        }
        await database.commit(
          writes.map(({ at, value }) =>
            value === undefined ? { type: 'del', key: key('p', at) } : put(['p', at], value),
          ),
        );
        const expected = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
        assert.deepEqual(await rowsOf(database, under('p')), expected);
      }),
      { numRuns: 50 },
    );
  });
}
