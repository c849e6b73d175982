// A realm may write anything into its chains. What its followers can't read they pass over: they stay up, and they start again.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { checkByRoot } from '../../../node/ledger/overlay-keys.ts';
import { EMPTY_CHARTER } from '../../../src/overlay/charter.ts';
import {
  decodeSigned,
  encodeEntry,
  joinSigned,
  keyIdOf,
  NO_HASH,
  signedBytes,
} from '../../../src/protocols/ledger/entry.ts';
import { certifyIncarnation } from '../../../src/protocols/ledger/incarnation.ts';
import { Intake } from '../../../src/protocols/ledger/intake.ts';
import {
  ALIASES,
  encodeKey,
  KEY,
  REALM_CERTIFIED,
  USER_ADDED,
  USER_REMOVED,
} from '../../../src/protocols/ledger/kinds.ts';
import { LedgerStore } from '../../../src/protocols/ledger/ledger-store.ts';
import { createDatabase } from '../../../src/store/database.ts';
import {
  acme,
  authorOf,
  eventually,
  kyiv,
  lviv,
  overlay,
  signerOf,
  text,
} from '../../protocols/ledger/ledger-realm.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { type Branch, openBranch } from '../directory/branch.ts';

const LIMIT = { timeout: 60_000 };
const GARBAGE = text('garbage');

async function run(t: TestContext, branch: Branch): Promise<Branch> {
  t.after(() => branch.stop().catch(() => undefined));
  await branch.start();
  return branch;
}

test('entries with garbage for a payload stop neither the followers nor their next start', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const house = await run(t, await openBranch(acme, { networks }));
  const author = await run(t, await openBranch(kyiv, { networks }));
  const engineOf = new ForgetfulDisk();
  const reader = await run(t, await openBranch(lviv, { networks, disk: engineOf }));
  for (const realm of [kyiv, lviv]) await house.ledger.certifyRealm({ realm, tier: 'branch', chain: text(realm) });
  await author.ledger.ownNetwork.append({ kind: REALM_CERTIFIED, payload: GARBAGE }).catch(() => undefined);
  for (const kind of [USER_ADDED, USER_REMOVED, ALIASES])
    await author.ledger.ownDirectory.append({ kind, payload: GARBAGE }).catch(() => undefined);
  await author.ledger.append({ chain: 'network', kind: 'note', payload: text('after') });
  await author.ledger.ownDirectory.append({ kind: 'note', payload: text('after') });
  const arrived = async (chain: 'network' | 'directory', n: number) =>
    (await reader.ledger.store.head({ realm: kyiv, chain })).n === n;
  await eventually(async () => (await arrived('network', 3)) && (await arrived('directory', 5)));
  assert.equal(reader.ledger.counters()['badHolders'], 0);
  await reader.stop();
  const again = await run(t, await openBranch(lviv, { networks, disk: engineOf }));
  assert.equal((await again.ledger.store.head({ realm: kyiv, chain: 'network' })).n, 3);
});

test('what a higher incarnation has overwritten is shown to those who ask for all of it', LIMIT, async (t) => {
  const networks = new PairedNetworks();
  const disk = new ForgetfulDisk();
  const reader = await openBranch(lviv, { networks, disk });
  t.after(() => reader.stop().catch(() => undefined));
  const id = { realm: kyiv, chain: 'network' } as const;
  const signer = await signerOf(kyiv);
  const first = await authorOf(id, { signer });
  await first.chain.append({ kind: 'crl', payload: text('revoked') });
  await new Intake(reader.ledger.store).take(id, (await first.store.read(id, 1, 9, 100_000)).map(decodeSigned));
  const time = Date.now();
  const certificate = await certifyIncarnation({ realm: kyiv, incarnation: 2, time, kept: [] }, await signerOf(acme));
  const second = await authorOf(id, { signer, incarnation: 2, certificate });
  await second.chain.append({ kind: 'note', payload: text('another history') });
  await new Intake(reader.ledger.store).take(id, (await second.store.read(id, 1, 9, 100_000)).map(decodeSigned));
  const seen = { standing: 0, all: 0 };
  for (const which of ['standing', 'all'] as const) await reader.ledger.watch('crl', () => void seen[which]++, which);
  assert.deepEqual(seen, { standing: 0, all: 1 });
});

test('a chain whose key entry claims a time after its revocation is still read from the disk', LIMIT, async () => {
  const rootFingerprint = await overlay.rootFingerprint();
  const disk = new ForgetfulDisk();
  const database = await createDatabase(disk.openEngine());
  const before = new LedgerStore({ database, checkChain: checkByRoot({ rootFingerprint }) });
  const signer = await signerOf(kyiv);
  const id = { realm: kyiv, chain: 'network' } as const;
  const future = { time: Date.now() + 86_400_000, kind: KEY, payload: encodeKey(signer.chain) };
  const entry = { ...id, ...future, incarnation: 1, n: 1, previous: NO_HASH, keyId: keyIdOf(signer.publicKey) };
  const bytes = encodeEntry(entry);
  await new Intake(before).take(id, [joinSigned(entry, bytes, await signer.sign(signedBytes(bytes)))]);
  const charter = { ...EMPTY_CHARTER, revokedAt: () => Date.now() };
  const after = new LedgerStore({ database, checkChain: checkByRoot({ rootFingerprint }, charter) });
  const head = await after.head(id);
  assert.deepEqual([head.n, head.key], [1, undefined]);
});
