// All live sockets: the upgrade, who has which, the heartbeat, and the end of those whose session has ended.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { CLOSE } from '../../../src/protocols/lan/close-codes.ts';
import { API_PREFIX, HEARTBEAT, LIVE_SUBPROTOCOL, MAX_FRAME } from '../../../src/protocols/lan/limits.ts';
import type { Timer } from '../../../src/realm/clock.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import type { Caller, Callers } from '../caller.ts';
import type { LanComponents } from '../components.ts';
import { type Refusal } from '../guard.ts';
import { refusalOf } from '../refusals.ts';
import { LiveSession } from './live-session.ts';

/** Sockets of one user; tabs and devices together. */
const MAX_SOCKETS_EACH = 32;
/** Milliseconds in which sockets may say goodbye when the server stops. */
const STOP_DEADLINE = 1_000;

export class LiveHub {
  readonly #components: LanComponents;
  readonly #callers: Callers;
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

  constructor(components: LanComponents, callers: Callers) {
    this.#components = components;
    this.#callers = callers;
  }

  start(): void {
    const { conversations, account, accounts, mails } = this.#components;
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
          session.close(CLOSE.sessionEnded);
        }
      }),
      ...(account ? [account.vaults.onChange((user) => this.#vaultChanged(user))] : []),
    ];
    this.#beat();
  }

  async stop(): Promise<void> {
    this.#heartbeat?.cancel();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const session of this.#all()) session.close(CLOSE.stopping);
    const { clock } = this.#components;
    const deadline = clock.monotonic() + STOP_DEADLINE;
    while (this.#sessions.size > 0 && clock.monotonic() < deadline) {
      await new Promise<void>((resolve) => clock.after(20, resolve));
    }
    for (const session of this.#all()) session.terminate();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      const caller = this.#admit(request);
      this.#sockets.handleUpgrade(request, socket, head, (live) => this.#open(caller, live));
    } catch (error) {
      refuseUpgrade(socket, refusalOf(error));
    }
  }

  /** @throws RefusedError */
  #admit(request: IncomingMessage): Caller {
    const path = (request.url ?? '').split('?')[0];
    if (path !== `${API_PREFIX}/live`) throw new RefusedError('not-found', 'no live socket there');
    const caller = this.#callers(request);
    if (this.#components.accounts.mustChangePassword(caller.user.id)) {
      throw new RefusedError('password-change-required', 'the first password must be changed');
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(LIVE_SUBPROTOCOL)) throw new RefusedError('no-version', `expected ${LIVE_SUBPROTOCOL}`);
    if ((this.#sessions.get(caller.user.id)?.size ?? 0) >= MAX_SOCKETS_EACH) {
      throw new RefusedError('too-many-requests', `a user has at most ${MAX_SOCKETS_EACH} live sockets`);
    }
    return caller;
  }

  #vaultChanged(user: UserId): void {
    for (const session of this.#sessions.get(user) ?? []) session.account('vault');
  }

  #open(caller: Caller, socket: WebSocket): void {
    const session = new LiveSession(this.#components, caller, socket);
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
