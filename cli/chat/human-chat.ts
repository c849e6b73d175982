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
} from '../../src/client/client.ts';
import { CanopyError, codeOf, InputError } from '../../src/realm/errors.ts';
import type { ConversationId } from '../../src/realm/ids.ts';
import { type Cli, paint } from '../cli.ts';
import { ChatFiles } from './chat-files.ts';
import { ChatCommands } from './commands/all-commands.ts';
import type { ChatDesk, Chosen } from './commands/chat-command.ts';
import { KeyCommands } from './commands/key-commands.ts';
import { Partners } from './conversation-partners.ts';
import { sendTheRest } from './last-messages.ts';
import { MessageNumbers } from './message-numbers.ts';
import { mentionsFor } from './naming-members.ts';
import { clock, visible } from './shown-text.ts';

const TICKS = { queued: '…', stored: '✓', delivered: '✓✓', read: '✓✓ read', failed: '!' } as const;
const EXCERPT = 24;
/** Realms that one line names. */
const MAX_TOLD = 3;

export async function humanChat(cli: Cli, client: Client, signal: AbortSignal): Promise<void> {
  const chat = new HumanChat(cli, client);
  await chat.run(signal);
}

class HumanChat implements ChatDesk {
  readonly client: Client;
  readonly partners: Partners;
  readonly files: ChatFiles;
  readonly numbers = new MessageNumbers();
  readonly muted = new Set<ConversationId>();
  chosen: Chosen | undefined;
  readonly #cli: Cli;
  readonly #lines: Interface;
  readonly #sent = new Map<string, Message>();
  readonly #keys: KeyCommands;
  readonly #commands: ChatCommands;
  readonly #over = new AbortController();
  #ended = false;

  constructor(cli: Cli, client: Client) {
    this.#cli = cli;
    this.client = client;
    this.partners = new Partners(client);
    this.files = new ChatFiles(client);
    this.#keys = new KeyCommands(client);
    this.#commands = new ChatCommands(this.#keys.commands);
    this.#lines = createInterface({
      input: cli.stdin,
      output: cli.stdout,
      terminal: cli.interactive,
      prompt: '> ',
      completer: (line: string) => [this.#commands.complete(line), line],
    });
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#listen();
    this.#keys.listen((text) => this.print(text));
    if (this.#keys.warning !== undefined) this.print(this.#keys.warning);
    this.client.connect();
    this.#lines.on('SIGINT', () => this.#lines.close());
    const onAbort = () => {
      this.#over.abort(signal.reason);
      this.#lines.close();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#prompt();
    for await (const line of this.#lines) {
      if (signal.aborted) break;
      await this.#obey(line.trim()).catch((error: unknown) => this.#complain(error));
      if (this.#ended) break;
      this.#prompt();
    }
    signal.removeEventListener('abort', onAbort);
    this.#lines.close();
    await sendTheRest(this.client, signal);
  }

  /** A pipe gets data alone. */
  #prompt(): void {
    if (this.#cli.interactive) this.#lines.prompt();
  }

  #listen(): void {
    const client = this.client;
    client.on('ready', ({ me }) => {
      this.quiet(`connected as ${me.user.name} <${me.user.address}>, /help tells more`);
      // Presence alone depends on it; the next reconnect tries again.
      this.partners.load().catch(() => {});
    });
    client.on('connection', ({ state, code, retryIn }) => {
      if (state !== 'waiting') return;
      const why = sentenceOf(english, code ?? 'server-unreachable');
      this.quiet(`${why} (${Math.ceil((retryIn ?? 0) / 1000)} s)`);
    });
    client.on('message', (message) => {
      this.files.meet(message);
      this.#show(message);
    });
    client.on('state', (change) => this.#tick(change));
    client.on('waiting', ({ code }) => this.quiet(`waits: ${sentenceOf(english, code)}`));
    client.on('presence', ({ user, state }) => this.quiet(`${visible(user.name)} is ${state}`));
    client.on('typing', ({ user, conversation, active }) => {
      if (active && !this.muted.has(conversation)) this.quiet(`${visible(user.name)} is typing…`);
    });
    client.on('islands', (islands) => this.#tellIslands(islands));
    client.on('error', ({ message }) => this.quiet(message));
    client.on('signed-out', ({ code }) => this.#print(sentenceOf(english, code)));
  }

  /** One calm line for each change. */
  #tellIslands({ alone, realms }: Islands): void {
    if (alone !== undefined) return this.quiet(`your branch reaches no other since ${clock(alone)}; local chats work`);
    if (realms.length === 0) {
      // Without a connection nobody knows; that is told already.
      if (this.client.connection === 'live') this.quiet('all branches are reachable again');
      return;
    }
    const away = realms.slice(0, MAX_TOLD).map(({ realm, since, queued, code }) => {
      if (code === 'frozen') return `${realm} is blocked by its administrators, ${queued} kept`;
      return `${realm} unreachable${since === undefined ? '' : ` since ${clock(since)}`}, ${queued} queued`;
    });
    this.quiet(`${away.join('; ')}; local chats work`);
  }

  #show(message: Message): void {
    this.partners.meet([message.from, ...message.to]);
    if (message.mine && message.state === 'queued') return void this.#sent.set(message.id, message);
    if (this.muted.has(message.conversation) && !message.mine && !message.mentionsMe) return;
    const name = paint(this.#cli, this.#cli.stdout, 'bold', visible(message.from.name || message.from.address));
    this.#print(`${clock(message.sentAt)} ${name} <${visible(message.from.address)}>  ${visible(saidIn(message))}`);
    if (message.mine) return;
    const isDirect = message.conversation === this.client.conversationWith(message.from);
    if (!this.chosen && isDirect) {
      this.chosen = { conversation: message.conversation, colleague: message.from.address };
    }
    if (this.#cli.interactive) this.client.markRead(message.id).catch(() => {});
  }

  #tick({ id, state, failure }: StateChange): void {
    const message = this.#sent.get(id);
    if (!message) return;
    const words = visible(message.text ?? '');
    const excerpt = words.length > EXCERPT ? `${words.slice(0, EXCERPT)}…` : words;
    const why = failure ? ` ${sentenceOf(english, failure.code, failure.params)}` : '';
    this.quiet(`  ${TICKS[state]} ${excerpt}${why}`);
    if (state === 'read' || state === 'failed') this.#sent.delete(id);
  }

  async #obey(line: string): Promise<void> {
    if (line === '') return;
    const [, about] = /^\/help(?:\s+(.*))?$/.exec(line) ?? [];
    if (/^\/help(\s|$)/.test(line)) return this.#commands.help(about ?? '').forEach((text) => this.quiet(text));
    const found = this.#commands.find(line);
    if (found) return found.command.run(this, found.words);
    if (/^\/\w/.test(line)) return this.print(this.#unknown(line));
    await this.#say(line);
  }

  #unknown(line: string): string {
    const nearest = this.#commands.nearest(line);
    const [typed] = line.split(/\s+/);
    return `No such command: ${typed}. ${nearest === undefined ? '' : `Did you mean /${nearest}? `}/help tells more.`;
  }

  async #say(text: string): Promise<void> {
    if (!this.chosen) return this.print('Choose a colleague first: /to USER@BRANCH');
    const { conversation, colleague } = this.chosen;
    if (colleague !== undefined) return void (await this.client.send({ to: colleague, text }));
    await this.client.act(conversation, {
      kind: 'text',
      text,
      ...(await mentionsFor(this.client, conversation, text)),
    });
  }

  /** A line for each quarter. */
  readonly progressOf = (what: string): ((now: Progress) => void) => {
    let told = 0;
    return ({ done, total }) => {
      const quarter = Math.floor((4 * done) / Math.max(1, total));
      if (quarter <= told) return;
      told = quarter;
      this.quiet(`${what}: ${quarter * 25} %`);
    };
  };

  #complain(error: unknown): void {
    const code = codeOf(error);
    // What was typed wrong says itself how it is right; so does what stands in no catalogue, being this computer's own.
    const isOwnWord = error instanceof InputError || !Object.hasOwn(english.sentences, code);
    if (isOwnWord && error instanceof CanopyError) this.print([error.message, error.hint ?? ''].join(' ').trim());
    else this.print(sentenceOf(english, code, paramsOf(error)));
  }

  readonly print = (text: string): void => {
    this.#print(visible(text));
  };

  readonly quiet = (text: string): void => {
    this.#print(paint(this.#cli, this.#cli.stdout, 'dim', visible(text)));
  };

  end(): void {
    this.#ended = true;
  }

  /** Above the line that is being typed. */
  #print(text: string): void {
    if (this.#cli.interactive) this.#cli.stdout.write('\r\x1b[K');
    this.#cli.stdout.write(`${text}\n`);
    if (this.#cli.interactive) this.#lines.prompt(true);
  }
}

/** Nobody takes a forwarder's words for their own. */
function saidIn({ text, problem, mentionsMe, forwardedFrom }: Message): string {
  const words = text ?? sentenceOf(english, problem ?? 'content-unreadable');
  const origin = forwardedFrom ? `forwarded, written by ${forwardedFrom.author.address}: ` : '';
  return `${mentionsMe ? '(names you) ' : ''}${origin}${words}`;
}
