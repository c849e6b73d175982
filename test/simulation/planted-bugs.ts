// Bugs that a simulation must find. None of them is in the product: each is a wrapper around a real part, or a disk that lies.
//
//   acknowledge-early  the disk answers before its sync: what was acknowledged can be gone after a power cut
//   forget-on-cut      the outbox never hands out an entry twice: what a stream lost with a reset is not sent again
//   foreign-origin     the intake believes whatever origin an envelope names: a realm can speak for users of another
import type { ConversationService } from '../../node/conversations/conversation-service.ts';
import type { Outbox } from '../../node/delivery/outbox.ts';
import type { Position } from '../../node/delivery/outbox-entry.ts';
import { isBefore } from '../../node/delivery/recent-entries.ts';
import type { RealmName } from '../../src/realm/names.ts';

export const PLANTED_BUGS = ['acknowledge-early', 'forget-on-cut', 'foreign-origin'] as const;
export type PlantedBug = (typeof PLANTED_BUGS)[number];

type Sink = Pick<ConversationService, 'ingest' | 'fail' | 'locate' | 'locateAny' | 'receiptHistory'>;

export function hasteOf(bug: PlantedBug | undefined): { lazy: boolean } {
  return { lazy: bug === 'acknowledge-early' };
}

/** The outbox, or one that forgets. */
export function outboxWith(bug: PlantedBug | undefined, outbox: Outbox): Outbox {
  if (bug !== 'forget-on-cut') return outbox;
  const handedOut = new Map<RealmName, Position>();
  const read: Outbox['read'] = async (destination, after, limits) => {
    const known = handedOut.get(destination);
    const from = known && isBefore(after, known) ? known : after;
    const entries = await Reflect.apply(originalRead, outbox, [destination, from, limits]);
    const last = entries.at(-1);
    if (last) handedOut.set(destination, { incarnation: last.incarnation, n: last.n });
    return entries;
  };
  const originalRead = outbox.read;
  outbox.read = read;
  return outbox;
}

/** What delivery hands arrivals to, or one that believes anything. */
export function sinkWith(bug: PlantedBug | undefined, sink: ConversationService): Sink {
  if (bug !== 'foreign-origin') return sink;
  return {
    ingest: (items, finish) =>
      sink.ingest(
        items.map((item) => ({ ...item, origin: item.encoded.envelope.origin })),
        finish,
      ),
    fail: (...given) => sink.fail(...given),
    locate: (...given) => sink.locate(...given),
    locateAny: (...given) => sink.locateAny(...given),
    receiptHistory: (...given) => sink.receiptHistory(...given),
  };
}
