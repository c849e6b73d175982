// The supervisor of one link, as a pure function: step(state, event, settings) -> [state, actions]. It holds no clock, no
// socket and no promise; time comes with each event. docs/protocols/links.md draws it.
//
// There is at most one attempt at a time. An attempt belongs to a round: what shall be tried while the link's best path is
// what it is. A better path begins a new round, an exhausted round waits (longer each time) and begins again. The phase
// that people see follows from the state and is not kept beside it.
import type { LinkPath, Phase, PunchWay } from './links.ts';

/** `locate` learns addresses, `relayed` dials through an ancestor, `ask` asks the peer to better the link. */
export type Attempt = 'locate' | 'relayed' | 'ask' | PunchWay;
export type Best = LinkPath | 'none';

export interface LinkSettings {
  /** The ways that the operator allows. */
  readonly ways: readonly PunchWay[];
  /** Of two relays one begins the upgrades, the one with the lower peer id; the other asks it to. */
  readonly initiator: boolean;
  /** The peer's addresses are known and open (an ancestor): dial it plainly before anything else. */
  readonly dialFirst: boolean;
  /** Another relay of that realm is reached: nobody waits for this one. */
  readonly spare?: boolean;
}

export type LinkEvent =
  | { readonly kind: 'wanted'; readonly at: number }
  | { readonly kind: 'unwanted'; readonly at: number }
  /** Which paths have an open connection at this moment; sent after each opening and closing. */
  | { readonly kind: 'paths'; readonly at: number; readonly open: readonly LinkPath[] }
  | { readonly kind: 'ended'; readonly at: number; readonly number: number; readonly ok: boolean }
  /** Somebody needs the link, or the peer asked us to better it: don't wait for the back-off. */
  | { readonly kind: 'hurry'; readonly at: number }
  /** The network changed or an ancestor came back: what failed before says nothing any more. */
  | { readonly kind: 'renewed'; readonly at: number }
  | { readonly kind: 'tick'; readonly at: number };

export type LinkAction =
  | { readonly kind: 'attempt'; readonly number: number; readonly attempt: Attempt }
  | { readonly kind: 'cancel'; readonly number: number }
  | { readonly kind: 'changed'; readonly best: Best }
  /** A whole round ended and there is no path: whoever waits for one is told so. */
  | { readonly kind: 'exhausted' };

export interface LinkState {
  readonly wanted: boolean;
  readonly open: readonly LinkPath[];
  readonly best: Best;
  readonly bestSince: number;
  readonly running: { readonly number: number; readonly attempt: Attempt; readonly since: number } | undefined;
  readonly nextNumber: number;
  readonly left: readonly Attempt[];
  /** When the next round may begin; undefined while one runs or none is due. */
  readonly roundAt: number | undefined;
  /** Rounds begun since the link was last at rest. */
  readonly rounds: number;
}

/** No attempt outlives this; each has shorter deadlines of its own inside. */
export const ATTEMPT_LIMIT: Readonly<Record<Attempt, number>> = {
  locate: 6_000,
  /** Over up to four carriers, each begun some time after the one before, on lines that may be slow. */
  relayed: 18_000,
  ask: 5_000,
  tcp: 8_000,
  /** Over IPv6 first, where both have it, then over IPv4. */
  'tcp-punch': 26_000,
  webrtc: 20_000,
};
const FIRST_WAIT = 2_000;
/** For a link that keeps a path all the while; whatever changes for this relay, and anybody who hurries, makes it try at once. */
const LONGEST_WAIT = 900_000;
/** With no path at all people wait: try sooner and more often. */
const FIRST_WAIT_WITHOUT_PATH = 500;
const LONGEST_WAIT_WITHOUT_PATH = 5_000;
/** A relay whose fellow carries the realm's traffic meanwhile. */
const LONGEST_WAIT_OF_SPARE = 20_000;
/** WebRTC works but is slow on lossy lines: look for TCP again after a while. */
const WAIT_ON_WEBRTC = 60_000;
/** A path that held so long is no flapping one: begin the back-off anew. */
const AT_REST = 30_000;

const RANKING: readonly LinkPath[] = ['direct-tcp', 'direct-webrtc', 'relayed'];

type Step = readonly [LinkState, readonly LinkAction[]];

export function initialLink(at: number): LinkState {
  return {
    wanted: false,
    open: [],
    best: 'none',
    bestSince: at,
    running: undefined,
    nextNumber: 1,
    left: [],
    roundAt: undefined,
    rounds: 0,
  };
}

export function step(state: LinkState, event: LinkEvent, settings: LinkSettings): Step {
  const [taken, actions] = take(state, event, settings);
  const [planned, more] = plan(taken, event.at, settings);
  return [planned, [...actions, ...more]];
}

export function phaseOf(state: LinkState): Phase {
  switch (state.running?.attempt) {
    case 'locate':
      return 'locating';
    case 'relayed':
      return 'connecting';
    case 'tcp':
      return 'probing';
    case 'tcp-punch':
      return 'punching';
    case 'webrtc':
      return 'webrtc';
    default:
      return state.best === 'none' ? 'idle' : state.best === 'relayed' ? 'relayed' : 'direct';
  }
}

function take(state: LinkState, event: LinkEvent, settings: LinkSettings): Step {
  switch (event.kind) {
    case 'wanted':
      return state.wanted ? [state, []] : [{ ...state, wanted: true, roundAt: event.at, rounds: 0 }, []];
    case 'unwanted':
      return rest(cancelRunning({ ...state, wanted: false }));
    case 'paths':
      return takePaths(state, event.open, event.at, settings);
    case 'ended':
      return state.running?.number === event.number ? endAttempt(state, event.at, settings) : [state, []];
    case 'renewed':
      return [{ ...state, rounds: 0, roundAt: state.roundAt === undefined ? undefined : event.at }, []];
    case 'hurry':
      return [state.roundAt === undefined ? state : { ...state, roundAt: Math.min(state.roundAt, event.at) }, []];
    case 'tick':
      return takeTick(state, event.at, settings);
  }
}

function takePaths(state: LinkState, open: readonly LinkPath[], at: number, settings: LinkSettings): Step {
  const best = RANKING.find((path) => open.includes(path)) ?? 'none';
  const next: LinkState = { ...state, open };
  if (best === state.best) return [next, []];
  const better = rank(best) < rank(state.best);
  const rested = at - state.bestSince >= AT_REST;
  const rounds = rested ? 0 : state.rounds;
  const [calm, actions] = rest(cancelRunning({ ...next, best, bestSince: at, rounds }));
  const roundAt = better ? afterGain(best, at) : at + waitAfter(rounds, best, settings);
  const due = roundFor(calm, settings).length > 0;
  return [{ ...calm, roundAt: due ? roundAt : undefined }, [...actions, { kind: 'changed', best }]];
}

/** An attempt over its time is cancelled. */
function takeTick(state: LinkState, at: number, settings: LinkSettings): Step {
  const { running } = state;
  const isLate = running && at - running.since >= ATTEMPT_LIMIT[running.attempt];
  return isLate ? cancelLate(state, running.number, at, settings) : [state, []];
}

/** Begins what is due: the next attempt of the round, or the next round. */
function plan(state: LinkState, at: number, settings: LinkSettings): Step {
  if (!state.wanted || state.running) return [state, []];
  if (state.left.length > 0) return begin(state, at);
  if (state.roundAt === undefined || at < state.roundAt) return [state, []];
  const left = roundFor(state, settings);
  if (left.length === 0) return [{ ...state, roundAt: undefined }, []];
  return begin({ ...state, left, rounds: state.rounds + 1 }, at);
}

function begin(state: LinkState, at: number): Step {
  const [attempt, ...left] = state.left;
  if (attempt === undefined) return [state, []];
  const number = state.nextNumber;
  const running = { number, attempt, since: at };
  return [
    { ...state, left, running, nextNumber: number + 1, roundAt: undefined },
    [{ kind: 'attempt', number, attempt }],
  ];
}

/** After the last attempt of a round the next round waits; a gain by then has set its time anew. */
function endAttempt(state: LinkState, at: number, settings: LinkSettings): Step {
  const next = { ...state, running: undefined };
  if (state.left.length > 0) return [next, []];
  const roundAt = at + waitAfter(state.rounds, state.best, settings);
  return [{ ...next, roundAt }, state.best === 'none' ? [{ kind: 'exhausted' }] : []];
}

function cancelLate(state: LinkState, number: number, at: number, settings: LinkSettings): Step {
  const [next, actions] = endAttempt(state, at, settings);
  return [next, [{ kind: 'cancel', number }, ...actions]];
}

function roundFor(state: LinkState, settings: LinkSettings): readonly Attempt[] {
  const { ways } = settings;
  switch (state.best) {
    case 'none':
      if (settings.dialFirst) return ['tcp', 'locate', 'relayed'];
      return ways.includes('tcp') ? ['locate', 'relayed', 'tcp'] : ['locate', 'relayed'];
    case 'relayed':
      if (ways.length === 0) return [];
      return settings.initiator ? ways : ['ask'];
    case 'direct-webrtc':
      if (!ways.some((way) => way !== 'webrtc')) return [];
      return settings.initiator ? ways.filter((way) => way !== 'webrtc') : ['ask'];
    case 'direct-tcp':
      return [];
  }
}

function afterGain(best: Best, at: number): number {
  return best === 'direct-webrtc' ? at + WAIT_ON_WEBRTC : at;
}

function waitAfter(rounds: number, best: Best, { spare }: LinkSettings): number {
  if (rounds === 0) return 0;
  const doubled = 2 ** (rounds - 1);
  const longest = spare ? LONGEST_WAIT_OF_SPARE : LONGEST_WAIT_WITHOUT_PATH;
  if (best === 'none') return Math.min(FIRST_WAIT_WITHOUT_PATH * doubled, longest);
  return Math.min(FIRST_WAIT * doubled, LONGEST_WAIT);
}

function cancelRunning(state: LinkState): Step {
  if (!state.running) return [state, []];
  return [{ ...state, running: undefined }, [{ kind: 'cancel', number: state.running.number }]];
}

function rest([state, actions]: Step): Step {
  return [{ ...state, left: [], roundAt: undefined }, actions];
}

function rank(best: Best): number {
  return best === 'none' ? RANKING.length : RANKING.indexOf(best);
}
