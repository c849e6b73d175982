// What a terminal chat does with keys: the recovery key, safety numbers, a person's new identity, the own devices, a password in doubt.
//
//   in   {"recoveryKey":{}}                          -> {"event":"recovery-key","text":..}   shown this once; one of before opens nothing more
//        {"safety":{"user":".."}}                    -> {"event":"safety","user":..,"number":..,"verified":..,"changedTo":..}
//             number: twelve groups of five digits, null before the first login; changedTo: the number with the identity that is new
//        {"verify":{"user":"..","number":".."}}      the number was compared and is right; without a number that is taken back
//        {"accept":{"user":"..","number":".."}}      -> the same as safety; `number` is the `changedTo` that was seen
//        {"devices":{}}                              -> {"event":"devices","devices":[{"id":..,"name":..,"current":..,"signedIn":..,"lastSeen":..}]}
//        {"signOut":{"device":".."}}                 signs another own device out for good; then as devices
//        {"acceptPassword":{}}                       the password of this login is the person's own: it opens the vault from now on
//   out  {"event":"identity","user":..,"what":"changed|unproven"}
//        {"event":"account","password":"unproven"}   the password of this login does not open the vault
import * as v from 'valibot';
import { type Client, english, sentenceOf } from '../../src/client/client.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { parseDeviceId, type UserId } from '../../src/realm/ids.ts';
import { asTime } from '../times.ts';
import { idOf } from './chat-acts.ts';

const user = v.string();
const number = v.string();

export const keyLine = v.union([
  v.strictObject({ recoveryKey: v.strictObject({}) }),
  v.strictObject({ safety: v.strictObject({ user }) }),
  v.strictObject({ verify: v.strictObject({ user, number: v.optional(number) }) }),
  v.strictObject({ accept: v.strictObject({ user, number }) }),
  v.strictObject({ devices: v.strictObject({}) }),
  v.strictObject({
    signOut: v.strictObject({ device: v.pipe(v.string(), v.uuid(), v.transform(parseDeviceId)) }),
  }),
  v.strictObject({ acceptPassword: v.strictObject({}) }),
]);
export type KeyLine = v.InferOutput<typeof keyLine>;

type Write = (event: object) => void;

/** @throws what the client throws */
export async function performKeys(client: Client, line: KeyLine, write: Write): Promise<void> {
  if ('recoveryKey' in line) write({ event: 'recovery-key', text: await accountOf(client).makeRecoveryKey() });
  else if ('devices' in line) write(await devicesEvent(client));
  else if ('signOut' in line) {
    await accountOf(client).removeDevice(line.signOut.device);
    write(await devicesEvent(client));
  } else if ('acceptPassword' in line) await client.acceptPassword();
  else await withPerson(client, line, write);
}

type PersonLine = Extract<KeyLine, { safety: unknown } | { verify: unknown } | { accept: unknown }>;

async function withPerson(client: Client, line: PersonLine, write: Write): Promise<void> {
  const { user: address } = 'safety' in line ? line.safety : 'verify' in line ? line.verify : line.accept;
  const id = await idOf(client, address);
  if ('verify' in line) await client.contacts.setVerified(id, groupsOf(line.verify.number));
  if ('accept' in line) await acceptPerson(client, id, line.accept.number);
  write(await safetyEvent(client, id, address));
}

/** Only the identity whose number was seen. @throws RefusedError `identity-other` */
export async function acceptPerson(client: Client, id: UserId, seen: string): Promise<void> {
  const { changedTo } = await client.contacts.identityOf(id);
  if (changedTo?.safetyNumber.join(' ') !== groupsOf(seen)?.join(' ') || !changedTo) {
    throw new RefusedError('identity-other', sentenceOf(english, 'identity-other'));
  }
  await client.contacts.accept(id, changedTo.identity);
}

async function safetyEvent(client: Client, id: UserId, address: string): Promise<object> {
  const { safetyNumber, verified, changedTo } = await client.contacts.identityOf(id);
  return {
    event: 'safety',
    user: address,
    number: safetyNumber?.join(' ') ?? null,
    verified,
    ...(changedTo && { changedTo: changedTo.safetyNumber.join(' ') }),
  };
}

async function devicesEvent(client: Client): Promise<object> {
  const devices = await accountOf(client).devices();
  const told = devices.map(({ lastSeen, ...device }) => ({
    ...device,
    ...(lastSeen !== undefined && { lastSeen: asTime(lastSeen) }),
  }));
  return { event: 'devices', devices: told };
}

/** What comes by itself. */
export function tellKeys(client: Client, write: Write): void {
  const tell = (what: string) => async (event: { readonly user: UserId }) => {
    const known = await client.userById(event.user).catch(() => undefined);
    write({ event: 'identity', user: known?.address ?? event.user, what });
  };
  client.on('identity-changed', (event) => void tell('changed')(event));
  client.on('identity-unproven', (event) => void tell('unproven')(event));
  const { accountState: state } = client;
  if (state.kind === 'open' && state.password) write({ event: 'account', password: state.password });
}

export function accountOf(client: Client) {
  const { account } = client;
  if (!account) throw new RefusedError('account-locked', sentenceOf(english, 'account-locked'));
  return account;
}

/** As it was read out: in groups, or in one piece. */
function groupsOf(text: string | undefined): readonly string[] | undefined {
  return text === undefined ? undefined : (text.replaceAll(/\D/g, '').match(/\d{5}/g) ?? []);
}
