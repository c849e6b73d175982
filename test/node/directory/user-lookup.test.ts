// People of another enterprise: found by their exact address and by the id of who has written, and not by guessing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ForeignUsers } from '../../../node/directory/foreign-users.ts';
import { encodeReply } from '../../../src/protocols/errand/codec.ts';
import {
  decodeFound,
  decodeQuestion,
  encodeFound,
  encodeQuestion,
  LOOKUP_ERRAND,
} from '../../../src/protocols/profile/lookup.ts';
import { encodeProfile } from '../../../src/protocols/profile/record.ts';
import { CanopyError } from '../../../src/realm/errors.ts';
import { parseUserId, type UserId } from '../../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { parseLogin, parseUserAddress } from '../../../src/realm/user-address.ts';
import { createDatabase } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { ACME, BETA, ErrandTree, KYIV, LVIV, ODESA, UA } from '../errands/errand-tree.ts';
import { ASKER, type Found, find, idOf, open, pair } from './lookup-world.ts';

const LIMIT = { timeout: 60_000 };
const never = new AbortController().signal;
test('questions and answers read back, and none of their truncations does', () => {
  const questions = fc.oneof(
    fc.stringMatching(/^[a-z0-9._-]{1,64}$/).map((login) => ({ kind: 'login' as const, login: parseLogin(login) })),
    fc.nat({ max: 1000 }).map((n) => ({ kind: 'id' as const, id: idOf(n) })),
  );
  fc.assert(fc.property(questions, (question) => assert.deepEqual(decodeQuestion(encodeQuestion(question)), question)));
  const answer = { kind: 'bot' as const, record: Uint8Array.of(1, 2, 3) };
  assert.deepEqual(decodeFound(encodeFound(answer)), answer);
  const hidden = { ...answer, isHidden: true };
  assert.deepEqual(decodeFound(encodeFound(hidden)), hidden);
  const whole = encodeFound(answer);
  for (let length = 0; length < whole.length; length++)
    assert.throws(() => decodeFound(whole.subarray(0, length)), CanopyError);
  assert.equal(Buffer.from(whole).toString('hex'), '830163626f7443010203');
});

test('a person is found by the exact address, and has a name here from then on', LIMIT, async (t) => {
  const { tree, kyiv, odesa } = await pair(t);
  const sales = odesa.house.add(7, 'sales@odesa.beta.ua');
  assert.deepEqual(await find(kyiv, 'sales@odesa.beta.ua'), sales);
  assert.deepEqual(kyiv.known.findById(sales.id), sales);
  assert.deepEqual(kyiv.known.findByAddress(sales.address), sales);
  assert.deepEqual([kyiv.known.search('sal', 10), kyiv.known.list()], [[], []], 'in no list and by no prefix');
  const carried = tree.network.opened;
  assert.deepEqual(await find(kyiv, 'sales@odesa.beta.ua'), sales);
  assert.equal(tree.network.opened, carried, 'not asked for again at once');
  const again = await open(t, tree, KYIV, { database: kyiv.database });
  assert.deepEqual(again.known.findById(sales.id), sales, 'also after a restart');
  tree.network.down(UA);
  tree.clock.advance(3_600_000);
  assert.deepEqual(await find(again, 'sales@odesa.beta.ua'), sales, 'what was known while nobody answers');
});

test('users of a region find whom they can name, and have no address book', LIMIT, async (t) => {
  const tree = new ErrandTree();
  await open(t, tree, BETA);
  const region = await open(t, tree, UA);
  const branch = await open(t, tree, ODESA);
  const guest = region.house.add(5, 'guest@ua');
  const cook = branch.house.add(6, 'cook@odesa.beta.ua');
  const listed = async ({ known }: Found) => [
    await known.searchFor(ASKER, '', 10),
    await known.searchFor(ASKER, 'g', 10),
  ];
  assert.deepEqual(await listed(region), [[], []]);
  assert.deepEqual(await branch.known.searchFor(ASKER, 'c', 10), [cook]);
  assert.deepEqual(await region.known.lookUp(guest.address, ASKER), guest);
  assert.deepEqual(await region.known.lookUp(cook.address, ASKER), cook);
});

test('who is unknown, disabled or not to be found from there is refused alike', LIMIT, async (t) => {
  const { kyiv, odesa } = await pair(t);
  odesa.house.add(8, 'gone@odesa.beta.ua', 'disabled');
  assert.equal(await find(kyiv, 'nobody@odesa.beta.ua'), undefined);
  assert.equal(await find(kyiv, 'gone@odesa.beta.ua'), undefined);
  const hidden = await pair(t, () => false);
  hidden.odesa.house.add(7, 'sales@odesa.beta.ua');
  assert.equal(await find(hidden.kyiv, 'sales@odesa.beta.ua'), undefined);
});

test(
  'fault 31: who is hidden is refused as nobody, but by id to realms that share a conversation',
  LIMIT,
  async (t) => {
    const { tree, kyiv, odesa } = await pair(t);
    const sales = odesa.house.add(7, 'sales@odesa.beta.ua');
    odesa.house.index.put({ ...sales, isHidden: true });
    assert.equal(await find(kyiv, 'sales@odesa.beta.ua'), undefined);
    assert.equal(await kyiv.known.meet(sales.id, ODESA), 'nobody', 'nor by the id');
    // Somebody hidden writes to somebody of Kyiv: both homes have the conversation then.
    odesa.met.realms.add(KYIV);
    kyiv.met.people.add(sales.id);
    tree.clock.advance(60_000);
    await kyiv.known.meet(sales.id, ODESA);
    assert.equal(kyiv.known.findById(sales.id)?.isHidden, true);
    assert.equal((await find(kyiv, 'sales@odesa.beta.ua'))?.id, sales.id, 'who was written to finds the writer');
    assert.equal((await kyiv.known.findFor(ASKER, sales.id))?.id, sales.id);
    kyiv.met.people.clear();
    for (const one of [kyiv, await open(t, tree, KYIV, { database: kyiv.database })]) {
      assert.equal(await find(one, 'sales@odesa.beta.ua'), undefined, 'others there do not');
      assert.equal(await one.known.lookUp(sales.address, ASKER), undefined);
      assert.equal(await one.known.findFor(ASKER, sales.id), undefined);
    }
  },
);

test(
  'a colleague who is hidden is found by the address and by a prefix by those alone who know them',
  LIMIT,
  async (t) => {
    const { kyiv } = await pair(t);
    const boss = kyiv.house.add(9, 'boss@kyiv.acme.ua');
    kyiv.house.index.put({ ...boss, isHidden: true });
    const found = async () => [
      (await kyiv.known.lookUp(boss.address, ASKER))?.id,
      (await kyiv.known.searchFor(ASKER, 'bo', 10))[0]?.id,
      (await kyiv.known.findFor(ASKER, boss.id))?.id,
    ];
    assert.deepEqual(await found(), [undefined, undefined, undefined]);
    kyiv.met.people.add(boss.id);
    assert.deepEqual(await found(), [boss.id, boss.id, boss.id]);
  },
);

test('who was found before being hidden is nobody ten minutes later, but to those who know them', LIMIT, async (t) => {
  const { tree, kyiv, odesa } = await pair(t);
  const sales = odesa.house.add(7, 'sales@odesa.beta.ua');
  assert.deepEqual(await find(kyiv, 'sales@odesa.beta.ua'), sales);
  odesa.house.index.put({ ...sales, isHidden: true });
  tree.clock.advance(10 * 60_000);
  assert.equal(await find(kyiv, 'sales@odesa.beta.ua'), undefined);
  assert.equal(await kyiv.known.findFor(ASKER, sales.id), undefined, 'what is kept of them is shown no more');
  assert.deepEqual(kyiv.known.findById(sales.id), { ...sales, isHidden: true }, 'the node itself still has it');
  odesa.met.realms.add(KYIV);
  kyiv.met.people.add(sales.id);
  tree.clock.advance(10 * 60_000);
  assert.equal((await find(kyiv, 'sales@odesa.beta.ua'))?.id, sales.id);
  odesa.house.index.put(sales);
  kyiv.met.people.clear();
  assert.deepEqual(await find(kyiv, 'sales@odesa.beta.ua'), sales, 'shown again, everybody finds them at once');
  assert.deepEqual(await kyiv.known.findFor(ASKER, sales.id), sales);
});

test('an address book can’t be guessed through', LIMIT, async (t) => {
  const { tree, kyiv, odesa } = await pair(t);
  odesa.house.add(7, 'sales@odesa.beta.ua');
  const guess = (login: string) =>
    kyiv.errands.ask(ODESA, LOOKUP_ERRAND, encodeQuestion({ kind: 'login', login: parseLogin(login) }), never);
  const codes: string[] = [];
  for (let n = 0; n < 30; n++)
    codes.push(
      await guess(`guess${n}`).then(
        () => 'found',
        (error: CanopyError) => error.code,
      ),
    );
  assert.deepEqual(new Set(codes.slice(0, 20)), new Set(['user-unknown']));
  assert.deepEqual(new Set(codes.slice(20)), new Set(['lookup-rate']));
  await assert.rejects(guess('sales'), { code: 'lookup-rate' }, 'a right guess is refused as a wrong one is');
  await kyiv.known.meet(idOf(7), ODESA);
  assert.ok(kyiv.known.findById(idOf(7)), 'who has written is still told');
  tree.clock.advance(60_000);
  await assert.rejects(guess('later'), { code: 'user-unknown' });
});

test('one user here cannot use up what the realm may ask', LIMIT, async (t) => {
  const { kyiv, odesa } = await pair(t);
  for (let n = 0; n < 40; n++) odesa.house.add(100 + n, `u${n}@odesa.beta.ua`);
  const asked = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => find(kyiv, `u${n}@odesa.beta.ua`)));
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 30);
  const other = kyiv.lookup.find(parseUserAddress('u39@odesa.beta.ua'), idOf(2));
  assert.equal((await other)?.address.login, 'u39');
});

test('a realm that answers for another user, or with an id of somebody else, gains nothing', LIMIT, async (t) => {
  const { tree, kyiv } = await pair(t);
  const liar = await tree.open(ODESA);
  const record = (id: UserId, login: string) =>
    encodeProfile({ id, login: parseLogin(login), name: 'Boss', salt: new Uint8Array(16) });
  let answer = encodeFound({ kind: 'person', record: record(idOf(7), 'other') });
  liar.errands.answer(LOOKUP_ERRAND, async () => answer);
  liar.errands.start();
  await assert.rejects(find(kyiv, 'sales@odesa.beta.ua'), { code: 'user-contradicts' });
  assert.equal(kyiv.known.findById(idOf(7)), undefined, 'what was not asked for is not kept');
  answer = encodeFound({ kind: 'person', record: record(idOf(8), 'other') });
  await kyiv.known.meet(idOf(7), ODESA);
  assert.equal(kyiv.known.findById(idOf(8)), undefined);
  answer = Uint8Array.of(1);
  await assert.rejects(find(kyiv, 'sales@odesa.beta.ua'), { code: 'malformed' });
});

test(
  'who has written and is not known is asked for by id, once, and a home that is away does not hold up',
  LIMIT,
  async (t) => {
    const { tree, kyiv, odesa } = await pair(t);
    const sales = odesa.house.add(7, 'sales@odesa.beta.ua');
    await Promise.all([kyiv.known.meet(sales.id, ODESA), kyiv.known.meet(sales.id, ODESA)]);
    assert.deepEqual(kyiv.known.findById(sales.id), sales);
    assert.equal(odesa.errands.counters()['answered'], 1);
    tree.network.down(UA);
    await kyiv.known.meet(idOf(9), ODESA);
    const tried = tree.network.tried;
    await kyiv.known.meet(idOf(9), ODESA);
    assert.equal(tree.network.tried, tried, 'not asked for again at once');
  },
);

test('senders that a realm makes up use up neither our errands nor the room for others', LIMIT, async (t) => {
  const { tree, kyiv, odesa } = await pair(t);
  await Promise.all(Array.from({ length: 100 }, (_, n) => kyiv.known.meet(idOf(1000 + n), ODESA)));
  assert.equal(odesa.errands.counters()['answered'], 20);
  odesa.house.add(7, 'sales@odesa.beta.ua');
  assert.ok(await find(kyiv, 'sales@odesa.beta.ua'));
  const foreign = new ForeignUsers(await createDatabase(new ForgetfulDisk().openEngine()));
  const put = (home: RealmName, n: number) => {
    const record = encodeProfile({ id: idOf(n), login: parseLogin(`u${n}`), name: 'U', salt: new Uint8Array(16) });
    return foreign.put(home, { kind: 'person', record }, tree.clock.now());
  };
  for (let n = 0; n < 5_000; n++) await put(ODESA, n);
  await assert.rejects(put(ODESA, 5_000), { code: 'too-many-users' });
  assert.equal((await put(LVIV, 5_001)).home, LVIV);
});

test(
  'an address that went to somebody else is the new one’s, and a login that changed is the new one',
  LIMIT,
  async () => {
    const database = await createDatabase(new ForgetfulDisk().openEngine());
    const foreign = new ForeignUsers(database);
    const put = (n: number, login: string) => {
      const record = encodeProfile({ id: idOf(n), login: parseLogin(login), name: login, salt: new Uint8Array(16) });
      return foreign.put(ODESA, { kind: 'person', record }, 1);
    };
    await put(1, 'sales');
    await put(2, 'sales');
    assert.equal(foreign.findById(idOf(1)), undefined);
    await put(2, 'boss');
    const again = new ForeignUsers(database);
    await again.load();
    for (const one of [foreign, again]) {
      assert.equal(one.findByAddress(parseUserAddress('boss@odesa.beta.ua'))?.user.id, idOf(2));
      assert.equal(one.findByAddress(parseUserAddress('sales@odesa.beta.ua')), undefined);
    }
  },
);

test('only the home’s own word says that a sender is nobody there', LIMIT, async (t) => {
  const { tree, kyiv } = await pair(t);
  assert.equal(await kyiv.known.meet(idOf(9), ODESA), 'nobody');
  tree.network.tap = async (frame, from, to) =>
    from === ACME && to === KYIV ? encodeReply({ kind: 'stopped', code: 'user-unknown', realm: ACME }) : frame;
  assert.equal(await kyiv.known.meet(idOf(10), ODESA), undefined);
  await assert.rejects(find(kyiv, 'sales@odesa.beta.ua'), { code: 'user-unknown', name: 'PeerError' });
});

test(
  'a realm of another enterprise can’t take the id of somebody else’s user, whoever is asked for first',
  LIMIT,
  async (t) => {
    const { tree, kyiv, odesa } = await pair(t);
    const sales = odesa.house.add(7, 'sales@odesa.beta.ua');
    const GAMMA = parseRealmName('gamma.ua');
    const thief = await tree.open(GAMMA);
    const record = encodeProfile({ id: sales.id, login: parseLogin('sales'), name: 'Sales', salt: new Uint8Array(16) });
    thief.errands.answer(LOOKUP_ERRAND, async () => encodeFound({ kind: 'person', record }));
    thief.errands.start();
    await assert.rejects(find(kyiv, 'sales@gamma.ua'), { code: 'user-contradicts' });
    const asked = tree.network.opened;
    await kyiv.known.meet(sales.id, GAMMA);
    assert.equal(tree.network.opened, asked, 'a home whose user it can’t be is not asked');
    assert.equal(kyiv.known.findById(sales.id), undefined);
    assert.equal(kyiv.known.mayHave(GAMMA, sales.id), false);
    assert.deepEqual(await find(kyiv, 'sales@odesa.beta.ua'), sales);
    await assert.rejects(find(kyiv, 'sales@gamma.ua'), { code: 'user-contradicts' });
    assert.deepEqual(kyiv.known.findById(sales.id), sales);
  },
);

test(
  'the id of a colleague belongs to the realm that lists the colleague, and an id of no house to nobody abroad',
  LIMIT,
  async (t) => {
    const { tree, kyiv } = await pair(t);
    const clerk = kyiv.house.add(9, 'clerk@kyiv.acme.ua');
    assert.deepEqual(
      [KYIV, LVIV, ODESA].map((home) => kyiv.known.mayHave(home, clerk.id)),
      [true, false, false],
    );
    const liar = await tree.open(ODESA);
    const id = parseUserId('00000000-0000-4000-8000-000000000001');
    const record = encodeProfile({ id, login: parseLogin('sales'), name: 'Sales', salt: new Uint8Array(16) });
    liar.errands.answer(LOOKUP_ERRAND, async () => encodeFound({ kind: 'person', record }));
    liar.errands.start();
    await assert.rejects(find(kyiv, 'sales@odesa.beta.ua'), { code: 'user-contradicts' });
  },
);

test(
  'who moved to another branch of the own house is known there once the former home has let go',
  LIMIT,
  async (t) => {
    const { tree, kyiv, odesa } = await pair(t);
    const DNIPRO = parseRealmName('dnipro.beta.ua');
    const dnipro = await open(t, tree, DNIPRO);
    const before = odesa.house.add(7, 'sales@odesa.beta.ua');
    await kyiv.known.meet(before.id, ODESA);
    const after = dnipro.house.add(7, 'sales@dnipro.beta.ua');
    await kyiv.known.meet(after.id, DNIPRO);
    assert.equal(kyiv.known.findById(before.id)?.home, ODESA, 'the former home still has him');
    odesa.house.index.remove(before);
    tree.clock.advance(60_000);
    await kyiv.known.meet(after.id, DNIPRO);
    assert.deepEqual(kyiv.known.findById(after.id), after);
    assert.equal(kyiv.known.findByAddress(before.address), undefined);
    const again = await open(t, tree, KYIV, { database: kyiv.database });
    assert.deepEqual(again.known.findById(after.id), after);
  },
);
