// `canopy chat` for a person: lines go to the chosen colleague, what comes is printed with time and name, and each own
// message tells how far it is. Plain lines, so that it works over any terminal.
import { createInterface, type Interface } from 'node:readline';
import {
  type Client,
  english,
  type Islands,
  type Message,
  type Progress,
  paramsOf,
  type StateChange,
  sentenceOf,
  type User,
} from '../../src/client/client.ts';
import { codeOf, InputError } from '../../src/realm/errors.ts';
import { type Cli, paint } from '../cli.ts';
import { ChatFiles } from './chat-files.ts';
import { nameOf } from './conversation-names.ts';
import { Partners } from './conversation-partners.ts';
import { ACTS_HELP, actByLine, type Chosen, type Done } from './human-acts.ts';
import { HumanKeys, KEYS_HELP } from './human-keys.ts';
import { sendTheRest } from './last-messages.ts';

const HELP = [
  '/to USER@BRANCH   write to this colleague from now on',
  '/who              your conversations',
  '/send PATH        send this file to the colleague chosen',
  '/save [FOLDER]    fetch the file that came last',
  ...ACTS_HELP,
  ...KEYS_HELP,
  '/quit             end the chat (or Ctrl+D)',
  'Anything else is sent to the colleague or the group chosen.',
];
const TICKS = { queued: '…', stored: '✓', delivered: '✓✓', read: '✓✓ read', failed: '!' } as const;
const EXCERPT = 24;
/** Realms that one line names. */
const MAX_TOLD = 3;

export async function humanChat(cli: Cli, client: Client, signal: AbortSignal): Promise<void> {
  const chat = new HumanChat(cli, client);
  await chat.run(signal);
}

class HumanChat {
  readonly #cli: Cli;
  readonly #client: Client;
  readonly #partners: Partners;
  readonly #lines: Interface;
  readonly #sent = new Map<string, Message>();
  readonly #files: ChatFiles;
  readonly #keys: HumanKeys;
  readonly #over = new AbortController();
  #to: string | undefined;
  #chosen: Chosen | undefined;

  constructor(cli: Cli, client: Client) {
    this.#cli = cli;
    this.#client = client;
    this.#partners = new Partners(client);
    this.#files = new ChatFiles(client);
    this.#keys = new HumanKeys(client);
    this.#lines = createInterface({ input: cli.stdin, output: cli.stdout, terminal: cli.interactive, prompt: '> ' });
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#listen();
    this.#keys.listen((text) => this.#print(visible(text)));
    if (this.#keys.warning !== undefined) this.#print(this.#keys.warning);
    this.#client.connect();
    this.#lines.on('SIGINT', () => this.#lines.close());
    const onAbort = () => {
      this.#over.abort(signal.reason);
      this.#lines.close();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#lines.prompt();
    for await (const line of this.#lines) {
      if (signal.aborted || line.trim() === '/quit') break;
      await this.#obey(line.trim()).catch((error: unknown) => this.#complain(error));
      this.#lines.prompt();
    }
    signal.removeEventListener('abort', onAbort);
    this.#lines.close();
    await sendTheRest(this.#client, signal);
  }

  #listen(): void {
    const client = this.#client;
    client.on('ready', ({ me }) => {
      this.#print(this.#quiet(`connected as ${me.user.name} <${me.user.address}>, /help tells more`));
      // Presence alone depends on it; the next reconnect tries again.
      this.#partners.load().catch(() => {});
    });
    client.on('connection', ({ state, code, retryIn }) => {
      if (state !== 'waiting') return;
      const why = sentenceOf(english, code ?? 'server-unreachable');
      this.#print(this.#quiet(`${why} (${Math.ceil((retryIn ?? 0) / 1000)} s)`));
    });
    client.on('message', (message) => {
      this.#files.meet(message);
      this.#show(message);
    });
    client.on('state', (change) => this.#tick(change));
    client.on('waiting', ({ code }) => this.#print(this.#quiet(`waits: ${sentenceOf(english, code)}`)));
    client.on('presence', ({ user, state }) => this.#print(this.#quiet(`${visible(user.name)} is ${state}`)));
    client.on('typing', ({ user, active }) => {
      if (active) this.#print(this.#quiet(`${visible(user.name)} is typing…`));
    });
    client.on('islands', (islands) => this.#tellIslands(islands));
    client.on('error', ({ message }) => this.#print(this.#quiet(message)));
    client.on('signed-out', ({ code }) => this.#print(sentenceOf(english, code)));
  }

  /** One calm line for each change. */
  #tellIslands({ alone, realms }: Islands): void {
    if (alone !== undefined)
      return this.#print(this.#quiet(`your branch reaches no other since ${clock(alone)}; local chats work`));
    if (realms.length === 0) {
      // Without a connection nobody knows; that is told already.
      if (this.#client.connection === 'live') this.#print(this.#quiet('all branches are reachable again'));
      return;
    }
    const away = realms.slice(0, MAX_TOLD).map(({ realm, since, queued, code }) => {
      if (code === 'frozen') return `${realm} is blocked by its administrators, ${queued} kept`;
      return `${realm} unreachable${since === undefined ? '' : ` since ${clock(since)}`}, ${queued} queued`;
    });
    this.#print(this.#quiet(`${away.join('; ')}; local chats work`));
  }

  #show(message: Message): void {
    this.#partners.meet([message.from, ...message.to]);
    if (message.mine && message.state === 'queued') return void this.#sent.set(message.id, message);
    const text = visible(message.text ?? sentenceOf(english, message.problem ?? 'content-unreadable'));
    const name = paint(this.#cli, this.#cli.stdout, 'bold', visible(message.from.name || message.from.address));
    this.#print(`${clock(message.sentAt)} ${name} <${visible(message.from.address)}>  ${text}`);
    if (message.mine) return;
    const isDirect = message.conversation === this.#client.conversationWith(message.from);
    if (!this.#chosen && isDirect) {
      this.#to = message.from.address;
      this.#chosen = { conversation: message.conversation };
    }
    if (this.#cli.interactive) this.#client.markRead(message.id).catch(() => {});
  }

  #tick({ id, state, failure }: StateChange): void {
    const message = this.#sent.get(id);
    if (!message) return;
    const words = visible(message.text ?? '');
    const excerpt = words.length > EXCERPT ? `${words.slice(0, EXCERPT)}…` : words;
    const why = failure ? ` ${sentenceOf(english, failure.code, failure.params)}` : '';
    this.#print(this.#quiet(`  ${TICKS[state]} ${excerpt}${why}`));
    if (state === 'read' || state === 'failed') this.#sent.delete(id);
  }

  async #obey(line: string): Promise<void> {
    if (line === '') return;
    if (line === '/help') return HELP.forEach((text) => this.#print(this.#quiet(text)));
    if (line === '/who') return this.#who();
    if (line.startsWith('/send ')) return this.#sendFile(line.slice(6).trim());
    if (/^\/save( |$)/.test(line)) return this.#save(line.slice(5).trim() || '.');
    if (line.startsWith('/to ')) return this.#choose(line.slice(4).trim());
    const told = await this.#keys.obey(line);
    if (told) return told.forEach((text) => this.#print(visible(text)));
    const done = await actByLine(this.#client, this.#chosen, line);
    if (done) return this.#acted(done);
    if (/^\/\w/.test(line)) return this.#print(`No such command: ${visible(line)}. /help tells more.`);
    if (this.#chosen?.group !== undefined) {
      await this.#client.act(this.#chosen.conversation, { kind: 'text', text: line });
      return;
    }
    if (this.#to === undefined) return this.#print('Choose a colleague first: /to USER@BRANCH');
    await this.#client.send({ to: this.#to, text: line });
  }

  #acted({ words, chosen, left }: Done): void {
    if (chosen || left) this.#chosen = chosen;
    if (chosen || left) this.#to = undefined;
    this.#print(this.#quiet(visible(words)));
  }

  async #sendFile(path: string): Promise<void> {
    if (this.#to === undefined) return this.#print('Choose a colleague first: /to USER@BRANCH');
    const tell = this.#progressOf(`sending ${visible(path)}`);
    await this.#files.send({ to: this.#to, path }, this.#over.signal, tell);
  }

  async #save(folder: string): Promise<void> {
    const { newest } = this.#files;
    if (newest === undefined) return this.#print('No file came yet.');
    const path = await this.#files.save(newest, folder, this.#over.signal, this.#progressOf('fetching'));
    this.#print(this.#quiet(`saved as ${visible(path)}`));
  }

  /** A line for each quarter. */
  #progressOf(what: string): (now: Progress) => void {
    let told = 0;
    return ({ done, total }) => {
      const quarter = Math.floor((4 * done) / Math.max(1, total));
      if (quarter <= told) return;
      told = quarter;
      this.#print(this.#quiet(`${what}: ${quarter * 25} %`));
    };
  }

  async #choose(address: string): Promise<void> {
    const user = await this.#client.findUser(address);
    if (!user) return this.#print(sentenceOf(english, 'user-unknown', { address }));
    this.#to = user.address;
    this.#chosen = { conversation: this.#client.conversationWith(user) };
    this.#partners.meet([user]);
    this.#print(this.#quiet(`to ${labelOf(user)}`));
  }

  async #who(): Promise<void> {
    const conversations = await this.#client.conversations();
    if (conversations.length === 0) this.#print('Nobody here yet. Type /to and a colleague’s address.');
    for (const conversation of conversations) {
      const { unread } = conversation;
      const names = visible(await nameOf(this.#client, conversation, labelOf));
      this.#print(unread > 0 ? `${names}  ${unread} unread` : names);
    }
  }

  #complain(error: unknown): void {
    // What was typed wrong says itself how it is right.
    if (error instanceof InputError) return this.#print(visible(error.message));
    this.#print(sentenceOf(english, codeOf(error), paramsOf(error)));
  }

  /** Above the line that is being typed. */
  #print(text: string): void {
    if (this.#cli.interactive) this.#cli.stdout.write('\r\x1b[K');
    this.#cli.stdout.write(`${text}\n`);
    if (this.#cli.interactive) this.#lines.prompt(true);
  }

  #quiet(text: string): string {
    return paint(this.#cli, this.#cli.stdout, 'dim', text);
  }
}

function labelOf({ name, address, department }: User): string {
  const label = `${visible(name)} <${visible(address)}>`;
  return department === undefined ? label : `${label}, ${visible(department)}`;
}

/** What others wrote must not steer this terminal: control characters and overrides of direction become visible marks. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (mark) =>
    mark === '\n' || mark === '\t' ? ' ' : '\ufffd',
  );
}

/** `14:02` today, `2026-11-17 14:02` otherwise, by the clock of this computer. */
function clock(milliseconds: number): string {
  const at = new Date(milliseconds);
  const time = at.toTimeString().slice(0, 5);
  return at.toDateString() === new Date().toDateString() ? time : `${at.toLocaleDateString('sv')} ${time}`;
}
