// Somebody's client at a desk of the laboratory, made of the client library: writes at a steady pace and tells what comes,
// with times. Argument: a JSON object {server, user, ca, password, newPassword}.
//
//   in   {"connect":true}   {"disconnect":true}             at once, without the pauses of a client that comes back by itself
//        {"meet":"engineer@lviv.acme.ua"}                    whom to write to from now on
//        {"send":"a text"}
//        {"load":{"name":"a","every":100}}   {"rest":true}   sends "a 1", "a 2" ... until told to rest
//   out  {"event":"logged-in"}   {"event":"ready"}   {"event":"met"}
//        {"event":"sent","text":..,"at":..}   {"event":"message","text":..,"at":..}   {"event":"state","text":..,"state":..,"at":..}
//        {"event":"rested","count":..}   {"event":"error","code":..}
//
// Times are milliseconds since 1970; all programs of a laboratory share one clock.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { type Client, createClient, type User } from '../../src/client/client.ts';
import { codeOf } from '../../src/realm/errors.ts';

export interface PersonInit {
  readonly server: string;
  readonly user: string;
  readonly ca: string;
  readonly password: string;
  readonly newPassword: string;
}

export interface PersonCommand {
  readonly connect?: true;
  readonly disconnect?: true;
  readonly meet?: string;
  readonly send?: string;
  readonly load?: { readonly name: string; readonly every: number };
  readonly rest?: true;
}

const tell = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
const complain = (error: unknown): void => tell({ event: 'error', code: codeOf(error) });

class Person {
  readonly #client: Client;
  readonly #texts = new Map<string, string>();
  #partner: User | undefined;
  #load: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(client: Client) {
    this.#client = client;
    client.on('ready', () => tell({ event: 'ready', at: Date.now() }));
    client.on('message', ({ mine, text }) => {
      if (!mine) tell({ event: 'message', text, at: Date.now() });
    });
    client.on('state', ({ id, state }) => {
      const text = this.#texts.get(id);
      if (text !== undefined) tell({ event: 'state', text, state, at: Date.now() });
    });
    client.on('error', ({ code }) => tell({ event: 'error', code }));
    client.on('signed-out', ({ code }) => tell({ event: 'signed-out', code }));
  }

  async obey(command: PersonCommand): Promise<void> {
    if (command.connect) this.#client.connect();
    if (command.disconnect) this.#client.disconnect();
    if (command.meet !== undefined) await this.#meet(command.meet);
    if (command.send !== undefined) await this.#send(command.send);
    if (command.load) this.#begin(command.load.name, command.load.every);
    if (command.rest) {
      clearInterval(this.#load);
      tell({ event: 'rested', count: this.#count });
    }
  }

  async #meet(address: string): Promise<void> {
    this.#partner = await this.#client.findUser(address);
    tell({ event: this.#partner ? 'met' : 'unknown', user: address });
  }

  async #send(text: string): Promise<void> {
    if (!this.#partner) throw new Error('nobody was met');
    tell({ event: 'sent', text, at: Date.now() });
    const { id } = await this.#client.send({ to: this.#partner, text });
    this.#texts.set(id, text);
  }

  #begin(name: string, every: number): void {
    this.#count = 0;
    this.#load = setInterval(() => this.#send(`${name} ${++this.#count}`).catch(complain), every);
  }
}

const init: PersonInit = JSON.parse(process.argv[2] ?? '{}');
const platform = nodePlatform({ ca: await readFile(init.ca, 'utf8') });
const client = createClient({ server: init.server, ...platform, deviceName: 'laboratory' });
const person = new Person(client);
await client.login(init.user, init.password, { newPassword: init.newPassword });
tell({ event: 'logged-in' });
for await (const line of createInterface({ input: process.stdin })) {
  await person.obey(JSON.parse(line)).catch(complain);
}
process.exit();
