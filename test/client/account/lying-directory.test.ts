// A home node whose code was changed and which names false identities of people: for whom no realm vouches, or another one, or below another
// root, or one that was replaced long ago. What an honest change looks like beside it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { memoryStorage } from '../../../src/client/platform.ts';
import { toText } from '../../../src/client/vault/vault-server.ts';
import { issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import { newSigningKey, type SigningKey } from '../../../src/crypto/identity.ts';
import { identityStatement } from '../../../src/crypto/identity-statement.ts';
import { safetyNumber } from '../../../src/crypto/safety-number.ts';
import { localSigner } from '../../../src/pki/keys.ts';
import { encodeUserIdentity } from '../../../src/protocols/ledger/people-kinds.ts';
import { houseUserId } from '../../../src/realm/house-id.ts';
import { idText, parseDeviceId, type UserId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { type Branch, OVERLAY, openBranch, REALM } from '../../node/lan/branch-fixture.ts';
import { type Authority, Realms } from '../../overlay/realms.ts';
import { nextEvent } from '../waiting.ts';
import { addUser, clientOf, lying, PASSWORDS } from './people.ts';

const LIMIT = { timeout: 60_000 };
const { first, second } = PASSWORDS;
const LVIV = parseRealmName('lviv.acme.ua');
const HOUSE = parseRealmName('acme.ua');
const COOK = houseUserId(HOUSE, systemRandom(6));

interface Word {
  readonly by: Authority;
  readonly identity?: SigningKey;
  readonly realm?: string;
  readonly of?: string;
  readonly user?: UserId;
  readonly sequence?: number;
  readonly signer?: Authority;
}

/** What a node answers about the cook, by the word of some authority. */
async function word({ by, realm = LVIV, of = realm, user = COOK, sequence = 1, signer = by, ...more }: Word) {
  const identity = more.identity ?? newSigningKey(systemRandom);
  const said = { user, key: identity.publicKey, sequence, time: Date.now() };
  const signature = await localSigner(signer.key).sign(identityStatement(parseRealmName(of), said));
  const device = issueDeviceCertificate(identity, {
    user: COOK,
    device: parseDeviceId(idText(systemRandom(16))),
    signatureKey: systemRandom(32),
    hpkeKey: systemRandom(32),
    sequence: 1,
    notBefore: Date.now(),
    notAfter: Date.now() + 3_600_000,
  });
  return {
    user: COOK,
    identity: toText(identity.publicKey),
    sequence,
    realm,
    statement: toText(encodeUserIdentity({ ...said, signature })),
    authority: by.chain.map(toText),
    devices: [toText(device.bytes)],
    removed: [],
  };
}

/** A clerk of kyiv, whose node says of the cook of lviv whatever it is told to say. */
async function clerk(t: TestContext) {
  const branch = await openBranch(t);
  await addUser(branch, 'clerk', first);
  let said: unknown = {};
  let address = `cook@${LVIV}`;
  const between = lying((path, answer) => {
    if (path === `/users/${COOK}/keys`) return said;
    if (path === '/users') return { users: [{ id: COOK, address, name: 'The cook', kind: 'person' }] };
    return answer;
  });
  const client = clientOf(t, branch, memoryStorage(), between);
  await client.login('clerk', first, { newPassword: second });
  const account = client.account ?? assert.fail();
  const lviv = await OVERLAY.authorityOf(LVIV);
  const kyiv = { key: branch.authority, chain: branch.authorityChain };
  const again = () => clientOf(t, branch, memoryStorage(), between);
  return {
    branch,
    client,
    account,
    lviv,
    kyiv,
    again,
    says: (what: unknown) => (said = what),
    moves: (to: string) => (address = to),
  };
}

test('an identity for which the home vouches is taken, with its devices', LIMIT, async (t) => {
  const { account, lviv, says } = await clerk(t);
  const identity = newSigningKey(systemRandom);
  says(await word({ by: lviv, identity }));
  const found = await account.keysOf(COOK);
  assert.deepEqual(found.identity, identity.publicKey);
  assert.equal(found.devices.length, 1);
});

test(
  'a false identity for which the home vouches is taken by who never met the person, and shown by the safety number',
  LIMIT,
  async (t) => {
    const { client, account, lviv, says } = await clerk(t);
    const [real, impostor] = [newSigningKey(systemRandom), newSigningKey(systemRandom)];
    says(await word({ by: lviv, identity: impostor }));
    const found = await account.keysOf(COOK);
    assert.deepEqual([found.identity, found.devices.length], [impostor.publicKey, 1], 'nobody can know better yet');
    const me = { user: account.user, identity: account.identity.publicKey };
    const atTheCook = safetyNumber(me, { user: COOK, identity: real.publicKey });
    const shown = await client.contacts.safetyNumber(COOK);
    assert.deepEqual(shown, safetyNumber(me, { user: COOK, identity: impostor.publicKey }));
    assert.notDeepEqual(shown, atTheCook);
    await assert.rejects(client.contacts.setVerified(COOK, atTheCook), { code: 'identity-other' });
  },
);

test('somebody who was met before moving is believed at the new home, under the new address', LIMIT, async (t) => {
  const { client, account, lviv, moves, says } = await clerk(t);
  moves(`cook@${REALM}`);
  assert.equal((await client.userById(COOK))?.address, `cook@${REALM}`);
  moves(`cook@${LVIV}`);
  says(await word({ by: lviv }));
  assert.equal((await account.keysOf(COOK)).devices.length, 1);
  assert.equal((await client.userById(COOK))?.address, `cook@${LVIV}`);
});

test('somebody new for whom the home does not vouch is refused, however it is tried', LIMIT, async (t) => {
  const { account, lviv, kyiv, says } = await clerk(t);
  const elsewhere = await new Realms('ua').authorityOf(LVIV);
  const enterprise = await OVERLAY.authorityOf(HOUSE);
  const stranger = houseUserId(parseRealmName('other.ua'), systemRandom(6));
  const { authority: _, ...unsigned } = await word({ by: lviv });
  const honest = await word({ by: lviv });
  const lies: Readonly<Record<string, unknown>> = {
    'without a chain': unsigned,
    'by the own branch, in the name of the other': await word({ by: kyiv, realm: LVIV }),
    'by the own branch, as if the cook were of it': await word({ by: kyiv, realm: REALM }),
    'by the enterprise itself': await word({ by: enterprise, realm: HOUSE }),
    'by the key of another authority': await word({ by: lviv, signer: kyiv }),
    'below a root of its own making': await word({ by: elsewhere }),
    'of another realm, signed by the right one': await word({ by: lviv, of: REALM }),
    'of another person': await word({ by: lviv, user: stranger }),
    'with another key than the one that was signed': { ...honest, identity: toText(systemRandom(32)) },
    'with a chain that ends too soon': { ...honest, authority: honest.authority.slice(0, 1) },
  };
  for (const [how, lie] of Object.entries(lies)) {
    says(lie);
    await assert.rejects(account.keysOf(COOK), { code: 'identity-unproven' }, how);
    assert.equal(account.pinnedIdentity(COOK), undefined, how);
  }
  says(honest);
  assert.equal((await account.keysOf(COOK)).devices.length, 1);
});

test(
  'another identity for somebody known is told only when the home vouches for it, and later than before',
  LIMIT,
  async (t) => {
    const { client, account, lviv, kyiv, says } = await clerk(t);
    const [old, identity, next] = [
      newSigningKey(systemRandom),
      newSigningKey(systemRandom),
      newSigningKey(systemRandom),
    ];
    says(await word({ by: lviv, identity, sequence: 2 }));
    await account.keysOf(COOK);
    const changed: UserId[] = [];
    client.on('identity-changed', ({ user }) => changed.push(user));
    for (const lie of [await word({ by: kyiv }), await word({ by: lviv, identity: old, sequence: 1 })]) {
      says(lie);
      const told = nextEvent(client, 'identity-unproven');
      const found = await account.keysOf(COOK);
      assert.deepEqual(await told, { user: COOK });
      assert.deepEqual([found.identity, found.changedTo, found.devices], [identity.publicKey, undefined, []]);
      await assert.rejects(account.acceptIdentity(COOK, systemRandom(32)));
    }
    assert.deepEqual(changed, []);
    says(await word({ by: lviv, identity: next, sequence: 3 }));
    const { changedTo } = await account.keysOf(COOK);
    assert.deepEqual([changed, changedTo], [[COOK], next.publicKey]);
    await account.acceptIdentity(COOK, changedTo ?? assert.fail());
    assert.deepEqual(account.pinnedIdentity(COOK), next.publicKey);
  },
);

test('what one device accepted holds on the others, and so does the root', LIMIT, async (t) => {
  const { account, lviv, says, again } = await clerk(t);
  says(await word({ by: lviv, sequence: 1 }));
  await account.keysOf(COOK);
  says(await word({ by: lviv, sequence: 2 }));
  const { changedTo } = await account.keysOf(COOK);
  await account.acceptIdentity(COOK, changedTo ?? assert.fail());
  const other = again();
  await other.login('clerk', second);
  const theirs = other.account ?? assert.fail();
  assert.deepEqual(theirs.pinnedIdentity(COOK), changedTo);
  assert.equal((await theirs.keysOf(COOK)).changedTo, undefined);
  // From now on its node shows people below another root, to a device that has never asked.
  const elsewhere = await new Realms('ua').authorityOf(LVIV);
  says(await word({ by: elsewhere, sequence: 3 }));
  const told = nextEvent(other, 'identity-unproven');
  assert.equal((await theirs.keysOf(COOK)).changedTo, undefined);
  await told;
  assert.equal(theirs.vault.list('root').length, 1);
});

async function firstMeeting(t: TestContext, root: string): Promise<{ branch: Branch; code: string | undefined }> {
  const branch = await openBranch(t);
  await addUser(branch, 'clerk', first);
  const engineer = await addUser(branch, 'engineer', 'first-engineer');
  await clientOf(t, branch).login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
  const client = clientOf(t, branch, memoryStorage(), undefined, { root });
  await client.login('clerk', first, { newPassword: second });
  const code = await client.account?.keysOf(engineer.id).then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
  return { branch, code };
}

test('a root that was given by hand is held against the one that the server shows', LIMIT, async (t) => {
  assert.equal((await firstMeeting(t, await OVERLAY.rootFingerprint())).code, undefined);
  assert.equal((await firstMeeting(t, '00'.repeat(32))).code, 'identity-unproven');
});
