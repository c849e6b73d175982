// The state machine of a link, driven by events alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type LinkPath, PUNCH_WAYS, type PunchWay } from '../../../src/overlay/links/links.ts';
import {
  type Attempt,
  initialLink,
  type LinkAction,
  type LinkEvent,
  type LinkSettings,
  type LinkState,
  phaseOf,
  step,
} from '../../../src/overlay/links/supervisor.ts';

/** Objects as literals make them. */
const PLAIN = { noNullPrototype: true } as const;

const INITIATOR: LinkSettings = { ways: PUNCH_WAYS, initiator: true, dialFirst: false };

/** Feeds events and collects what the machine asks for. */
class Bench {
  state: LinkState = initialLink(0);
  readonly settings: LinkSettings;
  actions: LinkAction[] = [];

  constructor(settings: LinkSettings = INITIATOR) {
    this.settings = settings;
  }

  feed(event: LinkEvent): LinkAction[] {
    const [state, actions] = step(this.state, event, this.settings);
    this.state = state;
    this.actions.push(...actions);
    return [...actions];
  }

  get running(): Attempt | undefined {
    return this.state.running?.attempt;
  }

  end(at: number, ok = false): LinkAction[] {
    return this.feed({ kind: 'ended', at, number: this.state.running?.number ?? 0, ok });
  }
}

test('a wanted link is located, then dialled through an ancestor', () => {
  const bench = new Bench();
  bench.feed({ kind: 'wanted', at: 0 });
  assert.equal(phaseOf(bench.state), 'locating');
  bench.end(100, true);
  assert.equal(phaseOf(bench.state), 'connecting');
  bench.feed({ kind: 'paths', at: 200, open: ['relayed'] });
  assert.equal(bench.state.best, 'relayed');
});

test('a relayed link tries plain tcp, the tcp punch and webrtc in this order', () => {
  const bench = new Bench();
  bench.feed({ kind: 'paths', at: 0, open: ['relayed'] });
  bench.feed({ kind: 'wanted', at: 0 });
  const phases = [1, 2, 3].map((at) => {
    const phase = phaseOf(bench.state);
    bench.end(at * 100);
    return phase;
  });
  assert.deepEqual(phases, ['probing', 'punching', 'webrtc']);
  assert.equal(phaseOf(bench.state), 'relayed');
});

test('the side with the higher peer id asks and tries nothing itself', () => {
  const bench = new Bench({ ...INITIATOR, initiator: false });
  bench.feed({ kind: 'paths', at: 0, open: ['relayed'] });
  bench.feed({ kind: 'wanted', at: 0 });
  assert.equal(bench.running, 'ask');
});

test('a link whose ways are all forbidden stays relayed', () => {
  const bench = new Bench({ ...INITIATOR, ways: [] });
  bench.feed({ kind: 'paths', at: 0, open: ['relayed'] });
  assert.deepEqual(bench.feed({ kind: 'wanted', at: 0 }), []);
});

test('a better path ends the attempts', () => {
  const bench = new Bench();
  bench.feed({ kind: 'paths', at: 0, open: ['relayed'] });
  bench.feed({ kind: 'wanted', at: 0 });
  const actions = bench.feed({ kind: 'paths', at: 50, open: ['relayed', 'direct-tcp'] });
  assert.deepEqual(actions, [
    { kind: 'cancel', number: 1 },
    { kind: 'changed', best: 'direct-tcp' },
  ]);
  assert.equal(phaseOf(bench.state), 'direct');
  assert.deepEqual(bench.feed({ kind: 'tick', at: 60_000 }), []);
});

test('when the best path is gone the link falls back, and tries the better ways again', () => {
  const bench = new Bench();
  bench.feed({ kind: 'paths', at: 0, open: ['relayed', 'direct-tcp'] });
  bench.feed({ kind: 'wanted', at: 0 });
  const actions = bench.feed({ kind: 'paths', at: 40_000, open: ['relayed'] });
  assert.deepEqual(actions[0], { kind: 'changed', best: 'relayed' });
  assert.equal(bench.running, 'tcp');
});

test('a round without a path says that it is exhausted', () => {
  const bench = new Bench();
  bench.feed({ kind: 'wanted', at: 0 });
  bench.end(1);
  bench.end(2);
  assert.deepEqual(bench.end(3), [{ kind: 'exhausted' }]);
});

/** A world in which some ways work; each attempt takes a while, and an attempt may hang. */
interface World {
  readonly works: ReadonlySet<Attempt>;
  readonly takes: number;
  readonly hangs: ReadonlySet<Attempt>;
}

const PATH_OF: Readonly<Partial<Record<Attempt, LinkPath>>> = {
  relayed: 'relayed',
  tcp: 'direct-tcp',
  'tcp-punch': 'direct-tcp',
  webrtc: 'direct-webrtc',
};

const STEP = 500;

function live(bench: Bench, world: World, until: number): void {
  let open: LinkPath[] = [];
  let due: { number: number; attempt: Attempt; at: number } | undefined;
  const obey = (actions: LinkAction[], at: number) => {
    for (const action of actions) {
      if (action.kind === 'attempt') {
        assert.equal(due, undefined, 'two attempts at once');
        due = { ...action, at: at + world.takes };
      }
      if (action.kind === 'cancel' && due?.number === action.number) due = undefined;
    }
  };
  obey(bench.feed({ kind: 'wanted', at: 0 }), 0);
  for (let at = STEP; at <= until; at += STEP) {
    const done = due;
    if (done && at >= done.at && !world.hangs.has(done.attempt)) {
      const path = world.works.has(done.attempt) ? PATH_OF[done.attempt] : undefined;
      due = undefined;
      if (path && !open.includes(path)) {
        open = [...open, path];
        obey(bench.feed({ kind: 'paths', at, open }), at);
      }
      obey(bench.feed({ kind: 'ended', at, number: done.number, ok: path !== undefined }), at);
    }
    obey(bench.feed({ kind: 'tick', at }), at);
  }
}

const attempts = fc.uniqueArray(fc.constantFrom<Attempt>('locate', 'relayed', 'tcp', 'tcp-punch', 'webrtc'));
const worlds = fc.record(
  {
    works: attempts.map((list) => new Set(list)),
    takes: fc.integer({ min: 0, max: 5_000 }),
    hangs: attempts.map((list) => new Set(list)),
  },
  PLAIN,
);
const allowed = fc.subarray<PunchWay>([...PUNCH_WAYS]);

test('whatever works and whatever hangs, the link ends with the best path that exists, and tries a bounded number of times', () => {
  fc.assert(
    fc.property(worlds, allowed, fc.boolean(), (world, ways, dialFirst) => {
      const bench = new Bench({ ways, initiator: true, dialFirst });
      const hour = 3_600_000;
      live(bench, world, hour);
      const reachable = (attempt: Attempt) => world.works.has(attempt) && !world.hangs.has(attempt);
      const signalled = reachable('relayed');
      const tcp = reachable('tcp') && (ways.includes('tcp') || dialFirst);
      const punched = signalled && ways.includes('tcp-punch') && reachable('tcp-punch');
      const webrtc = signalled && ways.includes('webrtc') && reachable('webrtc');
      const expected = tcp || punched ? 'direct-tcp' : webrtc ? 'direct-webrtc' : signalled ? 'relayed' : 'none';
      assert.equal(bench.state.best, expected);
      const begun = bench.actions.filter((action) => action.kind === 'attempt').length;
      assert.ok(begun <= 3 * (hour / 5_000 + 10), `${begun} attempts in an hour`);
    }),
    { numRuns: 60 },
  );
});

const paths = fc.subarray<LinkPath>(['direct-tcp', 'direct-webrtc', 'relayed']);
const events = fc.oneof(
  fc.record({ kind: fc.constant('wanted' as const) }, PLAIN),
  fc.record({ kind: fc.constant('unwanted' as const) }, PLAIN),
  fc.record({ kind: fc.constant('hurry' as const) }, PLAIN),
  fc.record({ kind: fc.constant('renewed' as const) }, PLAIN),
  fc.record({ kind: fc.constant('tick' as const) }, PLAIN),
  fc.record({ kind: fc.constant('paths' as const), open: paths }, PLAIN),
  fc.record({ kind: fc.constant('ended' as const), number: fc.integer({ min: 1, max: 30 }), ok: fc.boolean() }, PLAIN),
);

test('no order of events makes two attempts run at once, or one for a link that nobody wants', () => {
  const gaps = fc.array(fc.tuple(events, fc.integer({ min: 0, max: 20_000 })), { maxLength: 200 });
  fc.assert(
    fc.property(gaps, fc.boolean(), (list, initiator) => {
      const bench = new Bench({ ...INITIATOR, initiator });
      let at = 0;
      let running: number | undefined;
      for (const [event, gap] of list) {
        at += gap;
        if (event.kind === 'ended' && event.number === running) running = undefined;
        for (const action of bench.feed({ ...event, at })) {
          if (action.kind === 'cancel') running = undefined;
          if (action.kind !== 'attempt') continue;
          assert.equal(running, undefined);
          assert.ok(bench.state.wanted);
          running = action.number;
        }
        assert.equal(bench.state.running?.number, running);
      }
    }),
  );
});
