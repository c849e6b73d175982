// Lines about keys: the recovery key, safety numbers, a person's new identity, the own devices, a password in doubt.
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
import type { Client } from '../../../src/client/client.ts';
import { parseDeviceId, type UserId } from '../../../src/realm/ids.ts';
import { asTime } from '../../times.ts';
import { acceptPerson, accountOf, groupsOf } from '../chat-keys.ts';
import { idOf } from '../chat-lookups.ts';
import { type ChatLines, chatLine, type LineDesk, user, type Write } from './chat-line.ts';

const number = v.string();
const device = v.pipe(v.string(), v.uuid(), v.transform(parseDeviceId));

export const KEY_LINES: ChatLines = {
  recoveryKey: chatLine({}, async ({ client, write }) => {
    write({ event: 'recovery-key', text: await accountOf(client).makeRecoveryKey() });
  }),
  safety: chatLine({ user }, async (desk, line) => tellSafety(desk, await idOf(desk.client, line.user), line.user)),
  verify: chatLine({ user, number: v.optional(number) }, async (desk, line) => {
    const id = await idOf(desk.client, line.user);
    await desk.client.contacts.setVerified(id, groupsOf(line.number));
    await tellSafety(desk, id, line.user);
  }),
  accept: chatLine({ user, number }, async (desk, line) => {
    const id = await idOf(desk.client, line.user);
    await acceptPerson(desk.client, id, line.number);
    await tellSafety(desk, id, line.user);
  }),
  devices: chatLine({}, tellDevices),
  signOut: chatLine({ device }, async (desk, line) => {
    await accountOf(desk.client).removeDevice(line.device);
    await tellDevices(desk);
  }),
  acceptPassword: chatLine({}, ({ client }) => client.acceptPassword()),
};

async function tellSafety({ client, write }: LineDesk, id: UserId, address: string): Promise<void> {
  const { safetyNumber, verified, changedTo } = await client.contacts.identityOf(id);
  write({
    event: 'safety',
    user: address,
    number: safetyNumber?.join(' ') ?? null,
    verified,
    ...(changedTo && { changedTo: changedTo.safetyNumber.join(' ') }),
  });
}

async function tellDevices({ client, write }: LineDesk): Promise<void> {
  const devices = await accountOf(client).devices();
  const told = devices.map(({ lastSeen, ...one }) => ({
    ...one,
    ...(lastSeen !== undefined && { lastSeen: asTime(lastSeen) }),
  }));
  write({ event: 'devices', devices: told });
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
