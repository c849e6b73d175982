// Requests and answers of the LAN API about the own account: vault, identity, devices, the own profile, and other people's keys. All
// below /api/v1; docs/protocols/accounts.md and vault.md are the prose. Bytes are base64url.
//
//   GET  vault                              head and wraps; nothing while there is no vault
//   GET  vault/records?generation=&after=   a page of records
//   GET  vault/line?after=                  the steps of the line after a counter, and the line before them
//   POST vault                              a change: records, head, perhaps wraps; `late` when another came first
//   POST vault/stage                        a part of the next generation, which a change then names
//   POST identity                           identity, vault and first device come into being
//   POST devices                            this device's certificate
//   GET  devices                            the own devices
//   POST devices/:id/name, devices/:id/remove
//   GET  users/:id/keys                     identity, the home's statement with its authority's chain, certificates
//   POST profile {name}, POST profile/delete
//   POST profile/photo {photo}              without one: removed
//   GET  users/:id/photo                    nothing where there is none, or nobody
import * as v from 'valibot';
import { MAX_PHOTO } from '../../realm/photo.ts';
import { deviceId, realmName, time, user, userId } from './wire.ts';

/** Records in one request or page, and their bytes. */
export const MAX_VAULT_BATCH = 64;
export const MAX_VAULT_BATCH_BYTES = 128 * 1024;
/** Steps of the line in one request or page. */
export const MAX_VAULT_STEPS = 4096;
/** A user's devices that are not removed. */
export const MAX_DEVICES = 32;
/** Branch, enterprise, region, root. */
const MAX_AUTHORITIES = 4;

const blob = (most: number) =>
  v.pipe(v.string(), v.maxLength(Math.ceil((most * 4) / 3) + 4), v.regex(/^[A-Za-z0-9_-]*$/));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const head = blob(256);
const wraps = blob(12 * 1024);
const records = v.pipe(v.array(blob(16 * 1024)), v.maxLength(MAX_VAULT_BATCH));
const steps = blob(MAX_VAULT_STEPS * 32);
const certificate = blob(256);
const stage = v.pipe(v.string(), v.regex(/^[a-z0-9]{16,32}$/));

/** Empty while there is no vault. */
export const vaultAnswer = v.object({ vault: v.optional(v.object({ head, wraps })) });
const digits = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));
export const vaultRecordsQuery = v.strictObject({ generation: digits, after: digits });
export const vaultRecordsAnswer = v.object({ records });
export const vaultLineQuery = v.strictObject({ after: digits });
export const vaultLineAnswer = v.object({ line: blob(32), steps });
/** `steps`: of the line, between the head that the server has and this one; only with `stage` and `wraps`. `stage` names a set of staged records that takes the place of all there are; else `records` follow those there are. */
export const vaultChangeRequest = v.strictObject({
  head,
  wraps: v.optional(wraps),
  records: v.optional(records, []),
  stage: v.optional(stage),
  steps: v.optional(steps),
});
/** Two devices write at one time every day: to be late is no failure, and no browser notes it as one. */
export const vaultChangeAnswer = v.object({ late: v.optional(v.literal(true)) });
export const vaultStageRequest = v.strictObject({ stage, first: count, records });
/** What a change of password does to the vault. */
export const vaultRewrap = v.strictObject({ head, wraps });

export const identityRequest = v.strictObject({ head, wraps, records, certificate });
export const deviceRequest = v.strictObject({ certificate });
export const deviceEntry = v.object({
  id: deviceId,
  name: v.string(),
  current: v.boolean(),
  /** Milliseconds since 1970, of the newest session. */
  lastSeen: v.optional(time),
  signedIn: v.boolean(),
  certificate: v.optional(certificate),
  /** The realm where this login is a guest's. */
  visited: v.optional(v.string()),
});
export const devicesAnswer = v.object({ devices: v.array(deviceEntry) });
export const deviceNameRequest = v.strictObject({ name: v.pipe(v.string(), v.minLength(1), v.maxLength(100)) });
/** `removal` is signed by the identity; only a device that was never certified goes without. */
export const deviceRemoveRequest = v.strictObject({ removal: v.optional(blob(256)) });

export const keysAnswer = v.object({
  user: userId,
  identity: v.optional(blob(32)),
  /** Of the home realm; rises when the identity changes. */
  sequence: v.optional(count),
  /** The home, whose authority signed the statement, and that authority's certificates, the root's last. */
  realm: v.optional(realmName),
  statement: v.optional(blob(1024)),
  authority: v.optional(v.pipe(v.array(blob(4096)), v.maxLength(MAX_AUTHORITIES))),
  devices: v.array(certificate),
  removed: v.array(deviceId),
});
export type KeysAnswer = v.InferOutput<typeof keysAnswer>;

export const profileRequest = v.strictObject({ name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)) });
export const profileAnswer = v.object({ user });
export const photoRequest = v.strictObject({ photo: v.optional(blob(MAX_PHOTO)) });
/** As the user's home gave it, checked by nobody but by its hash and its first bytes. */
export const photoAnswer = v.object({ photo: v.optional(blob(MAX_PHOTO)) });
