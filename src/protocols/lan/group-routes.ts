// Requests and answers about groups; docs/protocols/lan-api.md is the prose. Bytes are base64url.
//
//   POST conversations/:id/commits                        a change of keys or members; 409 `commit-lost` {epoch} when another was first
//   GET  conversations/:id/commits?group=&after=          those that bring a member of epoch `after` forward
//   POST conversations/:id/group                          group info of the present epoch, when it did not come with the commit
//   GET  conversations/:id/group?group=&epoch=            state, roster and group info, for members
//   GET  conversations/:id/members
//   POST conversations/:id/intents                        what a member wants changed while the home is out of reach; 202
//   GET  conversations/:id/intents                        those that wait, in the order in which they are to be committed
//   POST conversations/:id/compare, conversations/:id/missing   after a restore: which messages are not here; commits and messages given back
//   POST mails, GET mails, POST mails/ack                 opaque bytes for single devices, kept until acknowledged
//   POST key-packages, POST users/:id/key-packages/claim  what a device is added to groups by
import * as v from 'valibot';
import { MAX_BLOBS } from '../../crypto/envelope.ts';
import { blobId } from './file-routes.ts';
import { base64url, deviceId, groupId, groupView, jsonBytes, messageId, stamp, time, userId } from './wire.ts';

const epoch = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const epochText = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));

/** Bytes. The same limits stand in node/groups and node/mails. */
const MAX_COMMIT = 160 * 1024;
const MAX_ROSTER = 24 * 1024;
const MAX_GROUP_INFO = 1024 * 1024;
export const MAX_MAIL = 128 * 1024;
/** Mails of one request. */
export const MAX_MAILS = 1000;

const ticket = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const mail = v.strictObject({ user: userId, device: deviceId, body: jsonBytes(MAX_MAIL) });

export const commitRequest = v.strictObject({
  group: groupId,
  /** What it is based on; 0 makes the group. */
  epoch,
  commit: jsonBytes(MAX_COMMIT),
  groupInfo: v.optional(jsonBytes(MAX_GROUP_INFO)),
  roster: jsonBytes(MAX_ROSTER),
  welcomes: v.optional(v.pipe(v.array(mail), v.maxLength(MAX_MAILS)), []),
});
/** The epoch that the group has now. */
export const commitAnswer = v.object({ epoch });

export const commitsQuery = v.strictObject({ group: v.optional(groupId), after: v.optional(epochText, '0') });
export const commitsAnswer = v.object({
  group: groupId,
  commits: v.array(
    v.object({
      /** What it is based on. */
      epoch,
      term: epoch,
      sender: userId,
      device: deviceId,
      at: time,
      commit: jsonBytes(MAX_COMMIT),
      roster: jsonBytes(MAX_ROSTER),
    }),
  ),
  /** `after` of the next page. */
  next: v.optional(epoch),
});
export type CommitsAnswer = v.InferOutput<typeof commitsAnswer>;

export const groupInfoRequest = v.strictObject({ group: groupId, epoch, groupInfo: jsonBytes(MAX_GROUP_INFO) });
/** `with` is the other person of a conversation of two: who names both may learn that there is no group yet. */
export const groupQuery = v.strictObject({
  group: v.optional(groupId),
  epoch: v.optional(epochText),
  with: v.optional(userId),
});
/**
 * `groups`: all of the conversation, the one that counts first; none, and nothing else, where a conversation of two has no group yet.
 * `infoEpoch` is that of `groupInfo`.
 */
export const groupAnswer = v.object({
  group: v.optional(groupView),
  roster: v.optional(jsonBytes(MAX_ROSTER)),
  groups: v.array(groupView),
  infoEpoch: v.optional(epoch),
  groupInfo: v.optional(jsonBytes(MAX_GROUP_INFO)),
});
export type GroupAnswer = v.InferOutput<typeof groupAnswer>;

/** `id` names the request: the same again puts nothing there twice. */
export const mailsRequest = v.strictObject({ id: ticket, to: v.pipe(v.array(mail), v.maxLength(MAX_MAILS)) });
export const mailsAnswer = v.object({
  refused: v.array(v.object({ user: userId, device: deviceId, code: v.string() })),
});
/** The oldest first; what is there still after these were acknowledged comes with the next question. */
export const mailboxAnswer = v.object({
  mails: v.array(v.object({ id: messageId, at: time, sender: userId, device: deviceId, body: jsonBytes(MAX_MAIL) })),
});
export const ackRequest = v.strictObject({
  mails: v.pipe(v.array(v.strictObject({ id: messageId, at: time })), v.maxLength(MAX_MAILS)),
});

const keyPackage = jsonBytes(4 * 1024);
export const keyPackagesRequest = v.strictObject({
  packages: v.optional(v.pipe(v.array(keyPackage), v.maxLength(100)), []),
  lastResort: v.optional(keyPackage),
});
/** One-time packages of the device that wait there, and whether its last resort does: a server that was restored may have none. */
export const keyPackagesAnswer = v.object({ waiting: epoch, lastResort: v.boolean() });
export const claimAnswer = v.object({
  packages: v.array(v.object({ device: deviceId, keyPackage, lastResort: v.boolean() })),
});

/** As src/crypto/intent.ts signs it. */
const intent = jsonBytes(1024);
export const intentRequest = v.strictObject({ group: groupId, intent });
export const intentAnswer = v.object({ id: messageId });
export const intentsAnswer = v.object({
  intents: v.array(v.object({ id: messageId, sender: userId, device: deviceId, at: time, intent })),
});

/** Ids of the files that go with a message: they stand beside what is sealed. */
const blobs = v.optional(v.pipe(v.array(blobId), v.maxLength(MAX_BLOBS)));
const which = v.strictObject({ id: messageId, sender: userId, blobs });
export const compareRequest = v.strictObject({ messages: v.pipe(v.array(which), v.maxLength(1000)) });
export const compareAnswer = v.object({ missing: v.array(messageId) });
/** `epoch`: the group's now. `refused`: messages that no certified device of a member has signed. */
export const givenBackAnswer = v.object({ epoch: v.optional(epoch), refused: v.array(messageId) });
export type GivenBackAnswer = v.InferOutput<typeof givenBackAnswer>;
/** In order, from the epoch that this server has. Messages as they were sealed. */
export const missingRequest = v.strictObject({
  group: v.optional(groupId),
  commits: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          epoch,
          sender: userId,
          device: deviceId,
          commit: jsonBytes(MAX_COMMIT),
          roster: jsonBytes(MAX_ROSTER),
        }),
      ),
      v.maxLength(200),
    ),
    [],
  ),
  messages: v.optional(
    v.pipe(
      v.array(
        v.strictObject({
          id: messageId,
          sender: userId,
          device: deviceId,
          stamp,
          expires: time,
          body: base64url,
          blobs,
        }),
      ),
      v.maxLength(200),
    ),
    [],
  ),
});
