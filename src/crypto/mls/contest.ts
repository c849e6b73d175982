// A commit that home accepted and a member refuses (docs/decisions/0120): it is followed, so that the group goes on, and nothing is written
// until a commit takes it back. What counts meanwhile is the last epoch that nobody refused: its roster and its devices.
//
//   contest = [1, code, user and device whose commit it is or two times nothing, roster, [user, device, …] (16 bytes each)]     strict CBOR
import { PeerError } from '../../realm/errors.ts';
import { idBytes, parseDeviceId, parseUserId } from '../../realm/ids.ts';
import { readId } from '../envelope.ts';
import { decodeRoster, encodeRoster, MAX_ROSTER, type Roster, roleOf } from '../roster.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';
import {
  checkAdded,
  checkLeavesAfter,
  checkOwnLeaf,
  committerOf,
  type GroupBefore,
  type Looking,
  type Proposal,
} from './commit-checks.ts';
import { readContext } from './group-context.ts';
import { ownersGone } from './leaves.ts';
import { assertMayChange } from './rights.ts';
import { type DeviceName, sameDevice } from './same-device.ts';
import { MAX_DEVICES } from './suite.ts';

export interface Contest {
  /** Why the commit was refused. */
  readonly code: string;
  /** Its author's device, where the commit alone says that it is wrong; else a server may have told the time or the news amiss. */
  readonly blamed: DeviceName | undefined;
  readonly roster: Roster;
  readonly devices: readonly DeviceName[];
}

const VERSION = 1;
const MAX_CODE = 64;
export const MAX_CONTEST: number = MAX_ROSTER + MAX_DEVICES * 64;

/** Wrong in itself, whenever it was accepted and whatever one has heard of people. */
const WRONG_IN_ITSELF: readonly string[] = [
  'committer-not-member',
  'committer-changed',
  'leaf-key-reused',
  'device-twice',
  'device-not-of-member',
  'too-many-devices',
  'resync-of-another',
  'not-allowed',
  'home-unfounded',
];
/** Wrong as far as this device knows. */
const WRONG_FOR_US: readonly string[] = [
  'removal-unfounded',
  'device-removed',
  'device-expired',
  'key-package-expired',
];

/** Whether a refusal is a verdict; others wait for news or for a person. */
export function isContestable(code: string): boolean {
  return WRONG_IN_ITSELF.includes(code) || WRONG_FOR_US.includes(code);
}

export function contestOf(before: GroupBefore, commit: Proposal, code: string, looking: Looking): Contest {
  const author = committerOf(before, commit, looking);
  const devices = [...before.leaves.values()].map(({ user, device }) => ({ user, device }));
  const { user, device } = author;
  return {
    code,
    blamed: WRONG_IN_ITSELF.includes(code) ? { user, device } : undefined,
    roster: before.context.roster,
    devices,
  };
}

/** Those that count: of the last epoch that nobody refused, without the author of what was refused. */
export function isTrusted({ devices, blamed }: Contest, one: DeviceName): boolean {
  return devices.some((known) => sameDevice(known, one)) && !(blamed && sameDevice(blamed, one));
}

/**
 * Whether a commit takes back what was refused: by one of those that count, with nobody left in the tree who does not, and with a roster
 * that its author may make of the last one that nobody refused.
 * @throws PeerError `still-contested`, and those of checkCommit()
 */
export async function checkLifting(before: GroupBefore, commit: Proposal, contest: Contest, looking: Looking) {
  const actor = committerOf(before, commit, looking);
  if (commit.committer === undefined || !isTrusted(contest, actor)) still(`by ${actor.device}`);
  await checkOwnLeaf(before, commit, actor, looking);
  const after = commit.extensions ? readContext(commit.extensions) : before.context;
  const { conversation } = before.context;
  const { home, term } = contest.roster;
  if (after.conversation !== conversation || after.roster.home !== home || after.roster.term !== term) {
    still('the home or the conversation is another');
  }
  const gone = ownersGone(before.leaves, contest.roster);
  assertMayChange(contest.roster, after.roster, { user: actor.user, ownersGone: gone });
  if (new Set(commit.removed).size !== commit.removed.length || commit.removed.includes(commit.committer ?? -1)) {
    still('a leaf that can’t be removed');
  }
  const added = await checkAdded(before, commit, looking);
  const kept = [...before.leaves].filter(([leaf]) => !commit.removed.includes(leaf)).map(([, one]) => one);
  const stranger = kept.find((one) => !isTrusted(contest, one));
  if (stranger) still(`the device ${stranger.device} stays`);
  const context = { ...before.context, roster: contest.roster };
  checkLeavesAfter({ ...before, context }, commit, actor, { after: after.roster, added });
}

function still(what: string): never {
  throw new PeerError('still-contested', `this commit does not take back what was refused: ${what}`);
}

/** Somebody on the roster came in from outside meanwhile. */
export function withJoined(contest: Contest, joined: DeviceName): Contest {
  const isKnown = contest.devices.some((one) => sameDevice(one, joined));
  if (isKnown || roleOf(contest.roster, joined.user) === undefined) return contest;
  return { ...contest, devices: [...contest.devices, { user: joined.user, device: joined.device }] };
}

export function encodeContest({ code, blamed, roster, devices }: Contest): Uint8Array {
  const name = ({ user, device }: DeviceName) => [idBytes(user), idBytes(device)];
  return encodeItem([VERSION, code, blamed ? name(blamed) : [], encodeRoster(roster), devices.flatMap(name)]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, and those of decodeRoster() */
export function decodeContest(bytes: Uint8Array): Contest {
  const fields = new Fields(decodeStrict(bytes, MAX_CONTEST), 'contest', 5);
  if (fields.uint() !== VERSION) fields.fail('version 1');
  const code = fields.text(MAX_CODE);
  const [blamed] = readNames(fields.list(2), fields);
  const roster = decodeRoster(fields.bytes(MAX_ROSTER));
  return { code, blamed, roster, devices: readNames(fields.list(2 * MAX_DEVICES), fields) };
}

function readNames(list: readonly unknown[], outer: Fields): DeviceName[] {
  if (list.length % 2 !== 0) outer.fail('pairs of user and device');
  const fields = new Fields(list, 'names of devices');
  return Array.from({ length: list.length / 2 }, () => {
    return { user: readId(fields, parseUserId), device: readId(fields, parseDeviceId) };
  });
}
