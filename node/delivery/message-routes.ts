// The way of a message, explained: what the own node knows of it, what the realms between say when they are asked, and where it
// is stuck, why.
import type { Hop } from '../../src/overlay/seam.ts';
import type { TraceAnswer, TraceQuery } from '../../src/protocols/custody/trace.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { treeBetween } from '../../src/realm/tree.ts';
import type { Found } from '../conversations/conversation-reader.ts';
import type { ConversationService } from '../conversations/conversation-service.ts';
import type { LoggedMessage, Receipt } from '../conversations/conversations.ts';
import type { CustodyService } from '../custody/custody-service.ts';
import type { HandedRecord } from '../custody/custody-store.ts';
import type { Directory } from '../directory/directory.ts';
import type { MessageRoute, Obstacle, QueueReport, RouteLeg, RouteStep } from './delivery.ts';
import type { Handover, HandoverStore } from './handover-store.ts';
import type { Ways } from './ways.ts';

export interface MessageRoutesComponents {
  readonly realm: RealmName;
  readonly self: Hop;
  readonly conversations: Pick<ConversationService, 'locate' | 'locateAny' | 'receiptHistory'>;
  readonly directory: Pick<Directory, 'findById'>;
  readonly handovers: HandoverStore;
  readonly custody: Pick<CustodyService, 'handed'>;
  readonly ways: Pick<Ways, 'to'>;
  readonly queue: (realm: RealmName) => Pick<QueueReport, 'state' | 'code' | 'since'> | undefined;
  /** Asks another realm; undefined where nobody can be asked. */
  readonly trace?: (realm: RealmName, query: TraceQuery, signal: AbortSignal) => Promise<TraceAnswer | undefined>;
  readonly clock: Pick<Clock, 'after'>;
}

/** Milliseconds that the realms between may take to answer. */
const TRACE_DEADLINE = 3_000;

/** What a realm on the way said; with a code when it could not be asked. */
interface Told {
  readonly realm: RealmName;
  readonly answer?: TraceAnswer;
  readonly code?: string;
}

export class MessageRoutes {
  readonly #parts: MessageRoutesComponents;

  constructor(parts: MessageRoutesComponents) {
    this.#parts = parts;
  }

  async explain(user: UserId, id: MessageId): Promise<MessageRoute | undefined> {
    return this.#explain(await this.#parts.conversations.locate(user, id));
  }

  async explainAny(id: MessageId): Promise<MessageRoute | undefined> {
    return this.#explain(await this.#parts.conversations.locateAny(id));
  }

  async #explain(found: Found | undefined): Promise<MessageRoute | undefined> {
    if (!found) return undefined;
    const { message, pathRef } = found;
    const { id, sender } = message.envelope;
    const legs = message.path === 'local' ? await this.#outward(message) : [await this.#inward(message, pathRef)];
    return { id, sender, legs };
  }

  /** Of a message written here: one leg for each realm of its recipients. */
  async #outward(message: LoggedMessage): Promise<RouteLeg[]> {
    const { directory, realm, conversations } = this.#parts;
    const { id, sender, recipients } = message.envelope;
    const receipts = await conversations.receiptHistory(id, sender);
    const byHome = Map.groupBy(recipients, (user) => directory.findById(user)?.home ?? realm);
    return Promise.all(
      [...byHome].map(([home, users]) => {
        const own = receipts.filter(({ user }) => users.includes(user)).map((receipt) => asStep(home, receipt));
        return home === realm ? this.#local(message, own) : this.#remote(message, home, own);
      }),
    );
  }

  #local({ arrivedAt }: LoggedMessage, receipts: readonly RouteStep[]): RouteLeg {
    const { realm, self } = this.#parts;
    const steps = inOrder([{ kind: 'accepted', realm, at: arrivedAt }, ...receipts]);
    const path = { kind: 'local', hops: [self] } as const;
    return { realm, way: 'local', state: 'handed-over', at: arrivedAt, path, steps };
  }

  async #remote({ envelope, arrivedAt }: LoggedMessage, realm: RealmName, receipts: RouteStep[]): Promise<RouteLeg> {
    const { handovers, custody, ways, realm: self } = this.#parts;
    const { id, sender } = envelope;
    const [handover, handed] = await Promise.all([
      handovers.handover(id, sender, realm),
      custody.handed(id, sender, realm),
    ]);
    const told = handed ? await this.#ask(realm, handed, { id, sender }) : [];
    const accepted: RouteStep = { kind: 'accepted', realm: self, at: arrivedAt };
    const steps = inOrder([
      accepted,
      ...custodySteps(realm, handed, told),
      ...arrival(realm, handover, told),
      ...receipts,
    ]);
    const arrived = steps.some(({ kind }) => kind === 'arrived') || handover !== undefined;
    const stuck = arrived ? undefined : this.#whyStuck(realm, handed, told);
    const state = handover?.state ?? (arrived ? 'handed-over' : handed ? 'in-custody' : 'queued');
    return { realm, way: ways.to(realm).kind, ...handover, state, steps, ...(stuck && { stuck }) };
  }

  /** All realms between, and the destination, at once. */
  #ask(
    destination: RealmName,
    { incarnation, n }: HandedRecord,
    message: { id: MessageId; sender: UserId },
  ): Promise<Told[]> {
    const { realm: self, trace, clock } = this.#parts;
    if (!trace) return Promise.resolve([]);
    const query = { destination, incarnation, n, ...message };
    const never = new AbortController().signal;
    const ask = async (realm: RealmName): Promise<Told> => {
      try {
        const step = (signal: AbortSignal) => trace(realm, query, signal);
        const answer = await within(clock, TRACE_DEADLINE, `trace of ${realm}`, never, step);
        return { realm, ...(answer && { answer }) };
      } catch (error) {
        return { realm, code: codeOf(error) };
      }
    };
    return Promise.all(treeBetween(self, destination).slice(1).map(ask));
  }

  #whyStuck(destination: RealmName, handed: HandedRecord | undefined, told: readonly Told[]): Obstacle | undefined {
    if (!handed) return this.#whyHere(destination);
    const lies = told.findLast(({ answer }) => answer !== undefined && answer.endedAt === 0);
    if (!lies?.answer) return undefined;
    const { code, since, next } = lies.answer;
    const silent = told.find((one) => one.realm === next && one.code !== undefined);
    const why = code ?? silent?.code;
    if (why === undefined) return undefined;
    return { realm: lies.realm, code: why, ...(next && { next }), ...(since !== undefined && { since }) };
  }

  #whyHere(destination: RealmName): Obstacle | undefined {
    const { realm, queue, ways } = this.#parts;
    const report = queue(destination);
    if (report?.code === undefined) return undefined;
    const way = ways.to(destination);
    const next = way.kind === 'tree' ? way.next : destination;
    return { realm, next, code: report.code, ...(report.since !== undefined && { since: report.since }) };
  }

  async #inward({ arrivedAt, envelope }: LoggedMessage, pathRef: Uint8Array): Promise<RouteLeg> {
    const { realm } = this.#parts;
    const path = await this.#parts.handovers.path(pathRef);
    const held = (path?.trail ?? []).map((one): RouteStep => ({ kind: 'held', realm: one.realm, at: one.at }));
    const accepted: RouteStep = { kind: 'accepted', realm: envelope.origin, at: envelope.stamp.ms };
    const steps: RouteStep[] = [accepted, ...held, { kind: 'arrived', realm, at: arrivedAt }];
    const way = path?.kind === 'custody' ? 'tree' : 'direct';
    return { realm, way, state: 'handed-over', at: arrivedAt, ...(path && { path }), steps };
  }
}

function asStep(realm: RealmName, { user, state, at, code }: Receipt): RouteStep {
  return { kind: state, realm, at, user, ...(code !== undefined && { code }) };
}

function custodySteps(destination: RealmName, handed: HandedRecord | undefined, told: readonly Told[]): RouteStep[] {
  const known = told.filter(({ realm }) => realm !== destination);
  const steps = known.flatMap(({ realm, answer }): RouteStep[] => {
    if (!answer) return [];
    const held: RouteStep = { kind: 'held', realm, at: answer.at };
    return answer.passedAt > 0 ? [held, { kind: 'passed', realm, at: answer.passedAt }] : [held];
  });
  if (!handed || steps.some(({ realm }) => realm === handed.custodian)) return steps;
  return [{ kind: 'held', realm: handed.custodian, at: handed.at }, ...steps];
}

/** By the destination's own word, else by when we learnt it. */
function arrival(realm: RealmName, handover: Handover | undefined, told: readonly Told[]): RouteStep[] {
  if (handover?.state === 'failed') return [];
  const at = told.find((one) => one.realm === realm)?.answer?.at ?? handover?.at;
  return at === undefined ? [] : [{ kind: 'arrived', realm, at }];
}

const RANK: readonly RouteStep['kind'][] = ['accepted', 'held', 'passed', 'arrived', 'delivered', 'read', 'failed'];

/** Along the way; clocks of realms differ, so times alone don't say. What happens at custodians goes by their place. */
function inOrder(steps: readonly RouteStep[]): RouteStep[] {
  const stage = ({ kind }: RouteStep): number => (kind === 'passed' ? RANK.indexOf('held') : RANK.indexOf(kind));
  return steps.toSorted((a, b) => stage(a) - stage(b));
}
