// Takes a join token: makes the keys, has them certified, writes the data directory. Each step can be repeated: keys are kept,
// a used token gives the same chain for the same key, and realm.json, which makes it a realm, is written last.
import {
  acceptReply,
  type Credential,
  createOwnLeaf,
  type PendingRequest,
  prepareRequest,
} from '../../src/pki/bootstrap.ts';
import { type Ancestor, isOwnRelayToken, type Slot } from '../../src/pki/token.ts';
import { ROLES } from '../../src/realm/names.ts';
import {
  createDataDirectory,
  type DataDirectory,
  dataDirectory,
  type KeyFiles,
  readOptional,
} from '../../src/settings/data-directory.ts';
import { findCredential, writeChain, writeCredential, writeKey } from '../../src/settings/key-files.ts';
import { ensureLanCertificate } from '../../src/settings/lan-certificate.ts';
import { writeRealmFile } from '../../src/settings/realm-file.ts';
import { decideSettings, type GivenSettings } from '../../src/settings/settings.ts';
import { writeFirstSettings } from '../../src/settings/settings-text.ts';
import type { JoinPlan } from './join-plan.ts';

/** Brings an enrolment request to the realm above and its reply back. */
export interface Courier {
  /** The reply comes at once, so its time can be compared with ours. */
  readonly live: boolean;
  /** @throws UnreachableError */
  carry(request: Uint8Array, ways: readonly Ancestor[]): Promise<Uint8Array>;
}

/** The bytes that ask for the certificate; the key is made here if it is not there yet. */
export async function enrolmentRequest(plan: JoinPlan): Promise<Uint8Array> {
  const { request } = await prepare(await createDataDirectory(plan.dir), plan);
  return request;
}

/** Returns whether anything was new. */
export async function joinRealm(plan: JoinPlan, given: GivenSettings, courier: Courier): Promise<boolean> {
  const { settings } = decideSettings(given, {});
  if (plan.present && plan.programs.every((role) => plan.present?.programs.includes(role))) return addRelays(plan);
  const directory = await createDataDirectory(plan.dir);
  // An earlier try may have ended after the reply and before realm.json.
  const files = filesOf(directory, slotOf(plan));
  const credential = (await findCredential(files)) ?? (await enrol(directory, plan, courier));
  const { realm, tier, rootFingerprint } = plan.token;
  const { programs } = plan;
  // The token of a further relay names the realm's present relays beside those of the realms above.
  const ancestors = plan.token.ancestors.filter((one) => one.realm !== realm);
  const ownRelays = [...plan.ownRelays, ...relaysOf(plan.token.ancestors, realm)];
  if (programs.includes('node')) {
    await certifyOwn(directory, plan, credential);
    await ensureLanCertificate(directory, realm, settings.lan, Date.now());
  }
  await writeFirstSettings(directory, given);
  await writeRealmFile(directory, { realm, tier, rootFingerprint, ancestors, programs, ownRelays });
  return true;
}

function relaysOf(ancestors: readonly Ancestor[], realm: Ancestor['realm']): readonly string[] {
  return ancestors.find((one) => one.realm === realm)?.relays ?? [];
}

/** The pairing line of a further relay, on the host of a node that has joined long ago. */
async function addRelays({ dir, present, ownRelays }: JoinPlan): Promise<boolean> {
  const added = ownRelays.filter((address) => !present?.ownRelays.includes(address));
  if (!present || added.length === 0) return false;
  await writeRealmFile(dataDirectory(dir), { ...present, ownRelays: [...present.ownRelays, ...added] });
  return true;
}

/** A relay alone is certified by the realm above, a further one by the realm itself; a node brings its own authority. */
function slotOf({ programs, token }: JoinPlan): Slot {
  if (programs.includes('node')) return 'authority';
  return isOwnRelayToken(token) ? 'own-relay' : 'relay';
}

function filesOf(directory: DataDirectory, slot: Slot): KeyFiles {
  return slot === 'authority' ? directory.authority : directory.relay;
}

/** The key is on disk before the request leaves: a used token is good for this key and no other. */
async function prepare(directory: DataDirectory, plan: JoinPlan): Promise<PendingRequest> {
  const slot = slotOf(plan);
  const files = filesOf(directory, slot);
  const kept = await readOptional(files.key);
  const { token } = plan;
  const pending = await prepareRequest({
    token,
    slot,
    now: Date.now(),
    ...(kept === undefined ? {} : { keyPem: kept }),
  });
  if (kept === undefined) await writeKey(files, pending.keyPem);
  return pending;
}

async function enrol(directory: DataDirectory, plan: JoinPlan, courier: Courier): Promise<Credential> {
  const { token } = plan;
  const pending = await prepare(directory, plan);
  const own = plan.ownRelays.length > 0 ? [{ realm: token.realm, relays: plan.ownRelays }] : [];
  const reply = await courier.carry(pending.request, [...own, ...token.ancestors]);
  const credential = await acceptReply({ token, pending, reply, now: Date.now(), live: courier.live });
  await writeChain(filesOf(directory, pending.slot), credential.chainPem);
  return credential;
}

/** The realm's own authority certifies its programs: here and now, since its key was just made here. */
async function certifyOwn(directory: DataDirectory, plan: JoinPlan, authority: Credential): Promise<void> {
  const { rootFingerprint } = plan.token;
  for (const role of ROLES.filter((known) => plan.programs.includes(known))) {
    await writeCredential(directory[role], await createOwnLeaf({ authority, rootFingerprint, role, now: Date.now() }));
  }
}
