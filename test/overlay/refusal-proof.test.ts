// A refusal for revocation brings its proof: whoever was revoked learns of it by being refused, with nothing else to tell it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { type CharterFile, RelayCharter } from '../../relay/charter.ts';
import { issuedIn } from '../../src/overlay/admission/judge.ts';
import { ShownProofs } from '../../src/overlay/admission/shown-proofs.ts';
import type { Identity } from '../../src/overlay/identity.ts';
import { validateLeaf } from '../../src/pki/chain.ts';
import { generateLeafKey } from '../../src/pki/keys.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { type Log, silentLog } from '../../src/realm/log.ts';
import { startHost, type TestHost, until } from './hosts.ts';
import { Realms } from './realms.ts';

const TIMEOUT = { timeout: 30_000 };
const ua = new Realms('ua');

interface WithCharter extends TestHost {
  readonly charter: RelayCharter;
  readonly file: CharterFile;
}

function memoryFile(): CharterFile {
  let bytes: Uint8Array | undefined;
  return {
    read: async () => bytes,
    write: async (fresh) => {
      bytes = fresh;
    },
  };
}

async function charterOf({ realm, rootFingerprint }: Identity, file: CharterFile): Promise<RelayCharter> {
  const charter = new RelayCharter({ file, realm, clock: systemClock, rootFingerprint, log: silentLog });
  await charter.load();
  return charter;
}

async function start(t: TestContext, identity: Identity, lists: readonly Uint8Array[] = []): Promise<WithCharter> {
  const file = memoryFile();
  const charter = await charterOf(identity, file);
  if (lists.length > 0) await charter.take({ kind: 'crls', items: lists });
  return { ...(await startHost(t, identity, { charter })), charter, file };
}

/** Whether a charter knows that acme.ua was revoked. */
async function knows(charter: RelayCharter): Promise<boolean> {
  const { chain } = await ua.identity('kyiv.acme.ua', 'relay');
  const leaf = await validateLeaf(chain, { rootFingerprint: await ua.rootFingerprint(), now: Date.now() });
  return issuedIn(leaf).some(({ serial, issuer }) => charter.isRevoked(serial, issuer));
}

test(
  'a relay that is refused for a revocation above it learns, keeps it, and cuts its own subtree',
  TIMEOUT,
  async (t) => {
    const lists = [await ua.revocation('ua', 'acme.ua')];
    const region = await start(t, await ua.identity('ua', 'relay'), lists);
    const kyiv = await start(t, await ua.identity('kyiv.acme.ua', 'relay'));
    const lviv = await start(t, await ua.identity('lviv.acme.ua', 'relay'));
    const link = await lviv.host.libp2p.dial(multiaddr(kyiv.address));
    await assert.rejects(kyiv.host.libp2p.dial(multiaddr(region.address)));
    await until(() => knows(kyiv.charter));
    await until(() => link.status !== 'open');
    assert.ok(kyiv.events.some(({ code, reason }) => code === 'session-cut' && reason === 'cert-revoked'));
    assert.equal(await knows(await charterOf(kyiv.host.identity, kyiv.file)), true, 'after a restart');
    assert.equal(await knows(lviv.charter), false);
    await assert.rejects(lviv.host.libp2p.dial(multiaddr(kyiv.address)));
    await until(() => knows(lviv.charter));
  },
);

test('who listens learns by the verdict of who dials', TIMEOUT, async (t) => {
  const region = await start(t, await ua.identity('ua', 'relay'), [await ua.revocation('ua', 'acme.ua')]);
  const acme = await start(t, await ua.identity('acme.ua', 'relay'));
  await assert.rejects(region.host.libp2p.dial(multiaddr(acme.address)));
  await until(() => knows(acme.charter));
});

test(
  'a thief of a revoked certificate is shown nothing, nor is anyone who is refused for another reason',
  TIMEOUT,
  async (t) => {
    const region = await start(t, await ua.identity('ua', 'relay'), [await ua.revocation('ua', 'acme.ua')]);
    const revoked = await ua.identity('kyiv.acme.ua', 'relay');
    const shown: Uint8Array[] = [];
    const charter = await charterOf(revoked, memoryFile());
    const listening = Object.assign(charter, { learn: async (list: Uint8Array) => void shown.push(list) });
    const thief = await startHost(
      t,
      { ...revoked, privateKey: (await generateLeafKey()).seed },
      { charter: listening },
    );
    const stranger = await startHost(t, await ua.identity('kyiv.beta.ua', 'node'), { charter: listening });
    for (const { host } of [thief, stranger]) await assert.rejects(host.libp2p.dial(multiaddr(region.address)));
    assert.deepEqual(
      region.events.map(({ reason }) => reason),
      ['cert-revoked', 'no-relation'],
    );
    const honest = await startHost(t, revoked, { charter: listening });
    await assert.rejects(honest.host.libp2p.dial(multiaddr(region.address)));
    await until(() => shown.length > 0);
    assert.equal(shown.length, 1, 'of the three to the one that was revoked');
  },
);

test(
  'lists of another root, lists that are not about us, and garbage are dropped; so much is looked at',
  TIMEOUT,
  async () => {
    const identity = await ua.identity('kyiv.acme.ua', 'relay');
    const charter = await charterOf(identity, memoryFile());
    const dropped: unknown[] = [];
    const log: Log = { ...silentLog, warn: (fields) => void dropped.push('code' in fields ? fields.code : undefined) };
    let now = 0;
    const clock = { ...systemClock, monotonic: () => now };
    const { rootFingerprint } = identity;
    const proofs = new ShownProofs({ chain: () => identity.chain, rootFingerprint, charter, clock, log });
    const forged = await new Realms('ua').revocation('ua', 'acme.ua');
    const list = await ua.revocation('ua', 'acme.ua');
    const others = await ua.revocation('ua', 'beta.ua');
    for (const lie of [forged, others, Uint8Array.of(1, 2), list.subarray(0, -1)]) await proofs.take(lie, 'liar');
    assert.deepEqual(dropped, ['cert-unknown-root', 'crl-not-ours', 'crl-malformed', 'crl-malformed']);
    for (let count = 0; count < 20; count += 1) await proofs.take(forged, 'liar');
    assert.equal(dropped.length, 10);
    await proofs.take(list, 'honest');
    assert.equal(await knows(charter), false, 'not looked at now');
    now += 2_000;
    await proofs.take(list, 'honest');
    assert.equal(await knows(charter), true);
  },
);
