// All live sockets: the upgrade, who has which, the heartbeat, and the end of those whose session has ended.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE } from '../../../src/protocols/lan/close-codes.ts';
import { encodeServerFrame } from '../../../src/protocols/lan/frames.ts';
import { API_PREFIX, HEARTBEAT, LIVE_SUBPROTOCOL, MAX_FRAME } from '../../../src/protocols/lan/limits.ts';
import type { Timer } from '../../../src/realm/clock.ts';
import { codeOf, RefusedError } from '../../../src/realm/errors.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import { carryLive } from '../../roaming/carry-live.ts';
import { type Caller, type Callers, requireOwnPage, type TokenOf } from '../caller.ts';
import type { LanComponents } from '../components.ts';
import { type Refusal } from '../guard.ts';
import { assertUnlocked } from '../locked.ts';
import { plainAddress } from '../networks.ts';
import { refusalOf } from '../refusals.ts';
import { type GatheredWrites, gatherWrites } from './gathered-writes.ts';
import { LiveSession, type LiveTransport } from './live-session.ts';

/** Sockets of one user; tabs and devices together. */
const MAX_SOCKETS_EACH = 32;
/** Milliseconds in which sockets may say goodbye when the server stops. */
const STOP_DEADLINE = 1_000;

export class LiveHub {
  readonly #components: LanComponents;
  readonly #callers: Callers;
  readonly #tokenOf: TokenOf;
  /** Sockets of guests. */
  readonly #carried = new Set<WebSocket>();
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(LIVE_SUBPROTOCOL) ? LIVE_SUBPROTOCOL : false),
  });
  readonly #sessions = new Map<UserId, Set<LiveSession>>();
  #unsubscribe: (() => void)[] = [];
  #heartbeat: Timer | undefined;

  constructor(components: LanComponents, callers: Callers, tokenOf: TokenOf) {
    this.#components = components;
    this.#callers = callers;
    this.#tokenOf = tokenOf;
  }

  start(): void {
    const { conversations, account, accounts, lock, mails } = this.#components;
    this.#unsubscribe = [
      conversations.onEvent((user, event) => {
        for (const session of this.#sessions.get(user) ?? []) session.arrived(event);
      }),
      mails?.onMail(({ user, device }) => {
        for (const session of this.#sessions.get(user) ?? []) {
          if (session.caller.session.device.id === device) session.hasMail();
        }
      }) ?? (() => {}),
      accounts.sessions.onEnd((ended, why) => {
        for (const session of this.#sessions.get(ended.user) ?? []) {
          if (session.caller.session.id !== ended.id) continue;
          if (why === 'wiped') session.account('wipe');
          session.close(why === 'branch-locked' ? CLOSE.branchLocked : CLOSE.sessionEnded);
        }
      }),
      ...(lock ? [lock.onChange((now) => now && this.#endCarried(now.wipe))] : []),
      ...(account ? [account.vaults.onChange((user) => this.#vaultChanged(user))] : []),
    ];
    this.#beat();
  }

  async stop(): Promise<void> {
    this.#heartbeat?.cancel();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const session of this.#all()) session.close(CLOSE.stopping);
    for (const live of this.#carried) live.close(CLOSE.stopping);
    const { clock } = this.#components;
    const deadline = clock.monotonic() + STOP_DEADLINE;
    while (this.#sessions.size > 0 && clock.monotonic() < deadline) {
      await new Promise<void>((resolve) => clock.after(20, resolve));
    }
    for (const session of this.#all()) session.terminate();
    for (const live of this.#carried) live.terminate();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      assertUnlocked(this.#components, this.#tokenOf(request).token);
      if (this.#guest(request, socket, head)) return;
      const caller = this.#admit(request);
      this.#sockets.handleUpgrade(request, socket, head, (live) => this.#open(caller, live, gatherWrites(socket)));
    } catch (error) {
      refuseUpgrade(socket, refusalOf(error));
    }
  }

  /** A live socket of an own user who works in another branch's LAN. @throws RefusedError */
  adopt(caller: Caller, socket: LiveTransport): void {
    this.#assertRoom(caller);
    this.#open(caller, socket);
  }

  /** Of all devices that are connected now. */
  gauges(): Readonly<Record<string, number>> {
    const all = this.#all();
    return { devices: all.length, unreadableMessages: all.reduce((sum, { unreadable }) => sum + unreadable, 0) };
  }

  /** Whether the socket is a guest's: then what it says goes to the guest's home. @throws RefusedError */
  #guest(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const { guests, log } = this.#components;
    const { token, form } = this.#tokenOf(request);
    const guest = token === undefined ? undefined : guests?.find(token);
    if (!guests || !guest) return false;
    if (form === 'cookie') requireOwnPage(request);
    const from = plainAddress(request.socket.remoteAddress ?? '');
    this.#sockets.handleUpgrade(request, socket, head, (live) => {
      this.#carried.add(live);
      live.once('close', () => this.#carried.delete(live));
      carryLive(live, guests.live(guest, from)).catch((error: unknown) => {
        log.info({ code: codeOf(error) }, "a guest's live socket ended");
        live.close(CLOSE.stopping);
      });
    });
    return true;
  }

  /** What guests hold of their own branch lies on computers of this one. */
  #endCarried(wipe: boolean): void {
    for (const live of this.#carried) {
      if (wipe) live.send(encodeServerFrame({ kind: 'wipe' }));
      live.close(wipe ? CLOSE.sessionEnded : CLOSE.branchLocked);
    }
  }

  /** @throws RefusedError */
  #assertRoom(caller: Caller): void {
    if (this.#components.accounts.mustChangePassword(caller.user.id)) {
      throw new RefusedError('password-change-required', 'the first password must be changed');
    }
    if ((this.#sessions.get(caller.user.id)?.size ?? 0) >= MAX_SOCKETS_EACH) {
      throw new RefusedError('too-many-requests', `a user has at most ${MAX_SOCKETS_EACH} live sockets`);
    }
  }

  /** @throws RefusedError */
  #admit(request: IncomingMessage): Caller {
    const path = (request.url ?? '').split('?')[0];
    if (path !== `${API_PREFIX}/live`) throw new RefusedError('not-found', 'no live socket there');
    const caller = this.#callers(request);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(LIVE_SUBPROTOCOL)) throw new RefusedError('no-version', `expected ${LIVE_SUBPROTOCOL}`);
    this.#assertRoom(caller);
    return caller;
  }

  #vaultChanged(user: UserId): void {
    for (const session of this.#sessions.get(user) ?? []) session.account('vault');
  }

  #open(caller: Caller, socket: LiveTransport, gather?: GatheredWrites): void {
    const session = new LiveSession(this.#components, caller, socket, gather);
    const { presence } = this.#components;
    const { id } = caller.user;
    const mine = this.#sessions.get(id) ?? new Set();
    this.#sessions.set(id, mine.add(session));
    presence.setOnline(id, caller.session.device.id);
    socket.once('close', () => {
      session.end();
      mine.delete(session);
      if (mine.size === 0) this.#sessions.delete(id);
      const { device } = caller.session;
      const isElsewhere = [...mine].some((other) => other.caller.session.device.id === device.id);
      if (!isElsewhere) presence.setOffline(id, device.id);
    });
  }

  #beat(): void {
    const { clock } = this.#components;
    this.#heartbeat = clock.after(HEARTBEAT, () => {
      const silent = clock.monotonic() - 2 * HEARTBEAT;
      for (const session of this.#all()) {
        if (session.heardSince(silent)) session.ping();
        else session.terminate();
      }
      this.#beat();
    });
  }

  #all(): LiveSession[] {
    return [...this.#sessions.values()].flatMap((set) => [...set]);
  }
}

/** An answer in place of the upgrade, on a socket that is no longer a server's. */
export function refuseUpgrade(socket: Duplex, { status, code }: Refusal): void {
  const body = JSON.stringify({ error: { code } });
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.on('error', () => socket.destroy());
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
