// Groups: commits in their order, who is in them, what somebody who joins alone needs. Whoever never was in a group learns nothing of
// it; asking for it is written down.
import { Hono } from 'hono';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import {
  type CommitsAnswer,
  commitRequest,
  commitsQuery,
  compareRequest,
  type GroupAnswer,
  groupInfoRequest,
  groupQuery,
  intentRequest,
  missingRequest,
} from '../../../src/protocols/lan/group-routes.ts';
import { conversationId } from '../../../src/protocols/lan/wire.ts';
import { blobIdBytes } from '../../../src/realm/blob-id.ts';
import { codeOf, RefusedError } from '../../../src/realm/errors.ts';
import { type ConversationId, directConversationId } from '../../../src/realm/ids.ts';
import { formatUserAddress } from '../../../src/realm/user-address.ts';
import type { Caller } from '../caller.ts';
import type { LanComponents, LanGroups } from '../components.ts';
import { bodyOf, formOf, type LanEnv } from '../request.ts';
import { viewGroup, viewUserById } from '../views.ts';

const fromText = (text: string): Uint8Array => fromString(text, 'base64url');
const toText = (bytes: Uint8Array): string => toString(bytes, 'base64url');
/** What is written down when it is asked for. */
const DENIED = new Set(['conversation-unknown', 'not-a-member']);

export function groupRoutes(components: LanComponents): Hono<LanEnv> {
  const { directory, audit, realm } = components;
  const routes = new Hono<LanEnv>();

  const groups = (): LanGroups => {
    if (components.groups) return components.groups;
    throw new RefusedError('conversation-unknown', 'this server has no groups');
  };
  const watched = async <T>({ user }: Caller, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (DENIED.has(codeOf(error))) {
        await audit.record({
          code: 'access-refused',
          actor: formatUserAddress(user.address),
          fields: { what: 'group' },
        });
      }
      throw error;
    }
  };
  const idOf = (text: string): ConversationId => formOf(text, conversationId);

  routes.post('/conversations/:id/commits', async (context) => {
    const caller = context.get('caller');
    const conversation = idOf(context.req.param('id'));
    const { group, epoch, commit, roster, groupInfo, welcomes } = await bodyOf(context.req.raw, commitRequest);
    const author = { user: caller.user.id, device: caller.session.device.id, realm };
    const bytes = { commit: fromText(commit), rosterBytes: fromText(roster) };
    const info = groupInfo === undefined ? undefined : fromText(groupInfo);
    const mails = welcomes.map((mail) => ({ ...mail, body: fromText(mail.body) }));
    const proposed = { conversation, group, epoch, ...bytes, groupInfo: info, welcomes: mails };
    const accepted = await watched(caller, () => groups().propose(author, proposed, context.req.raw.signal));
    return context.json({ epoch: accepted.epoch });
  });

  routes.get('/conversations/:id/commits', async (context) => {
    const caller = context.get('caller');
    const query = formOf(context.req.query(), commitsQuery);
    const id = idOf(context.req.param('id'));
    const page = await watched(caller, () => groups().reader.commits(caller.user.id, id, query));
    const commits = page.commits.map(({ epoch, term, sender, device, at, commit, rosterBytes }) => {
      return { epoch, term, sender, device, at, commit: toText(commit), roster: toText(rosterBytes) };
    });
    const answer: CommitsAnswer = { group: page.group, commits };
    return context.json(page.next === undefined ? answer : { ...answer, next: page.next });
  });

  routes.post('/conversations/:id/group', async (context) => {
    const caller = context.get('caller');
    const conversation = idOf(context.req.param('id'));
    const { group, epoch, groupInfo } = await bodyOf(context.req.raw, groupInfoRequest);
    const info = { conversation, group, epoch, groupInfo: fromText(groupInfo) };
    const author = { user: caller.user.id, device: caller.session.device.id, realm };
    await watched(caller, () => groups().putInfo(author, info, context.req.raw.signal));
    return context.json({});
  });

  routes.get('/conversations/:id/group', async (context) => {
    const caller = context.get('caller');
    const { id } = caller.user;
    const conversation = idOf(context.req.param('id'));
    const { with: other, ...query } = formOf(context.req.query(), groupQuery);
    const { reader } = groups();
    const isOwn = other !== undefined && conversation === directConversationId(id, other);
    const info = () => reader.info(id, conversation, query, context.req.raw.signal);
    const found = isOwn ? await ifKnown(info) : await watched(caller, info);
    if (!found) return context.json({ groups: [] });
    const all = await reader.groups(id, conversation);
    const { state, epoch, groupInfo } = found;
    const answer: GroupAnswer = {
      group: viewGroup(state, id),
      roster: toText(state.rosterBytes),
      groups: all.map((one) => viewGroup(one, id)),
      ...(groupInfo && { infoEpoch: epoch, groupInfo: toText(groupInfo) }),
    };
    return context.json(answer);
  });

  routes.post('/conversations/:id/intents', async (context) => {
    const caller = context.get('caller');
    const conversation = idOf(context.req.param('id'));
    const { group, intent } = await bodyOf(context.req.raw, intentRequest);
    const author = { user: caller.user.id, device: caller.session.device.id, realm };
    const { id } = await watched(caller, () => groups().intend(author, conversation, group, fromText(intent)));
    return context.json({ id }, 202);
  });

  routes.get('/conversations/:id/intents', async (context) => {
    const caller = context.get('caller');
    const id = idOf(context.req.param('id'));
    const list = await watched(caller, () => groups().intents.list(caller.user.id, id));
    return context.json({
      intents: list.map(({ intent, sender, device, at, bytes }) => {
        return { id: intent.id, sender, device, at, intent: toText(bytes) };
      }),
    });
  });

  routes.post('/conversations/:id/compare', async (context) => {
    const caller = context.get('caller');
    const id = idOf(context.req.param('id'));
    const { messages } = await bodyOf(context.req.raw, compareRequest);
    const named = messages.map((one) => ({ ...one, blobs: one.blobs?.map(blobIdBytes) }));
    const missing = await watched(caller, () => groups().givingBack.missing(caller.user.id, id, named));
    return context.json({ missing });
  });

  routes.post('/conversations/:id/missing', async (context) => {
    const caller = context.get('caller');
    const conversation = idOf(context.req.param('id'));
    const { group, commits, messages } = await bodyOf(context.req.raw, missingRequest);
    const { givingBack } = groups();
    const given = commits.map(({ commit, roster, ...rest }) => {
      return { ...rest, commit: fromText(commit), rosterBytes: fromText(roster) };
    });
    const sealed = messages.map(({ body, blobs, ...rest }) => {
      return { ...rest, body: fromText(body), blobs: blobs?.map(blobIdBytes) };
    });
    const { id } = caller.user;
    const epoch = group && (await watched(caller, () => givingBack.commits(id, { conversation, group }, given)));
    const refused =
      sealed.length === 0 ? [] : await watched(caller, () => givingBack.messages(id, conversation, sealed));
    return context.json(epoch === undefined ? { refused } : { epoch, refused });
  });

  routes.get('/conversations/:id/members', async (context) => {
    const caller = context.get('caller');
    const id = idOf(context.req.param('id'));
    const [state] = await watched(caller, () => groups().reader.groups(caller.user.id, id));
    const members = [...(state?.members ?? [])];
    return context.json({ members: members.map(([who, { role }]) => ({ user: viewUserById(directory, who), role })) });
  });
  return routes;
}

async function ifKnown<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (codeOf(error) === 'conversation-unknown') return undefined;
    throw error;
  }
}
