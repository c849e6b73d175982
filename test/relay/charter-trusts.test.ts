// What a relay makes of the agreements that its node tells it: it believes signatures, not its node.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type CharterFile, RelayCharter } from '../../relay/charter.ts';
import type { Identity } from '../../src/overlay/identity.ts';
import { encodeChain } from '../../src/pki/chain.ts';
import { leafKeyOfSeed, signWithLeaf } from '../../src/pki/keys.ts';
import { signAcceptance, signProposal, type TrustSigner } from '../../src/protocols/trust/agreement.ts';
import { encodeAgreement } from '../../src/protocols/trust/codec.ts';
import type { Terms } from '../../src/protocols/trust/index.ts';
import { silentLog } from '../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import { HandClock } from '../node/hand-clock.ts';
import { Realms } from '../overlay/realms.ts';

const KYIV = parseRealmName('kyiv.acme.ua');
const ODESA = parseRealmName('odesa.beta.ua');
const NOW = Date.now();
const realms = new Realms('ua');
let kyiv: Identity;
let odesa: Identity;
let lviv: Identity;
let rootFingerprint: string;

before(async () => {
  rootFingerprint = await realms.rootFingerprint();
  kyiv = await realms.identity(KYIV, 'node');
  odesa = await realms.identity(ODESA, 'node');
  lviv = await realms.identity('lviv.acme.ua', 'node');
});

function signer({ privateKey, chain }: Identity): TrustSigner {
  return { chain: encodeChain(chain), sign: (data) => signWithLeaf(leafKeyOfSeed(privateKey), data) };
}

function agreement(by: { readonly accepter?: Identity; readonly half?: true } = {}): Uint8Array {
  const terms: Terms = {
    id: '44'.repeat(16),
    proposer: KYIV,
    accepter: ODESA,
    direction: 'both',
    from: NOW,
    until: NOW + 60_000,
    proposerPeople: [],
    accepterPeople: [],
    presence: false,
  };
  const proposal = signProposal(terms, signer(kyiv), NOW);
  return encodeAgreement(by.half ? proposal : signAcceptance(proposal, signer(by.accepter ?? odesa), NOW));
}

class MemoryFile implements CharterFile {
  bytes: Uint8Array | undefined;

  async read(): Promise<Uint8Array | undefined> {
    return this.bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.bytes = bytes;
  }
}

async function open(file: CharterFile, clock: HandClock, realm: RealmName = KYIV): Promise<RelayCharter> {
  const charter = new RelayCharter({ file, realm, clock, rootFingerprint, log: silentLog });
  await charter.load();
  return charter;
}

test('an agreement that both have signed counts until its end, also after a restart without the node', async () => {
  const clock = new HandClock(NOW);
  const file = new MemoryFile();
  const charter = await open(file, clock);
  let changes = 0;
  charter.onChange(() => changes++);
  await charter.take({ kind: 'trusts', items: [agreement()] });
  assert.deepEqual([charter.trustWith(ODESA)?.direction, changes], ['both', 1]);
  const again = await open(file, clock);
  assert.equal(again.trustWith(ODESA)?.realm, ODESA);
  clock.advance(60_000);
  assert.equal(again.trustWith(ODESA), undefined, 'it ends by its date with nobody saying so');
});

test('what replaces it ends it', async () => {
  const charter = await open(new MemoryFile(), new HandClock(NOW));
  await charter.take({ kind: 'trusts', items: [agreement()] });
  await charter.take({ kind: 'trusts', items: [] });
  assert.equal(charter.trustWith(ODESA), undefined);
});

test('one signature missing or forged makes no trust, whatever the node says, and hides no good one', async () => {
  const clock = new HandClock(NOW);
  for (const lie of [agreement({ half: true }), agreement({ accepter: lviv }), Uint8Array.of(1, 2, 3)]) {
    const charter = await open(new MemoryFile(), clock);
    await charter.take({ kind: 'trusts', items: [lie] });
    assert.equal(charter.trustWith(ODESA), undefined);
    await charter.take({ kind: 'more-trusts', items: [agreement()] });
    assert.equal(charter.trustWith(ODESA)?.realm, ODESA);
  }
});

test('a relay that stands above both knows them as partners, and has no trust itself', async () => {
  const charter = await open(new MemoryFile(), new HandClock(NOW), parseRealmName('ua'));
  await charter.take({ kind: 'trusts', items: [agreement()] });
  assert.equal(charter.arePartners(ODESA, KYIV), true);
  assert.equal(charter.arePartners(ODESA, parseRealmName('lviv.acme.ua')), false);
  assert.equal(charter.trustWith(ODESA), undefined);
});
