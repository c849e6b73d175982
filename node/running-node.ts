// A node that runs, and is opened anew when it has to: with a new incarnation everything that numbers begins again.
import { CanopyError, messageOf } from '../src/realm/errors.ts';
import type { NodeInit } from './ground.ts';
import { type OpenedNode, openNode } from './open-node.ts';

export class RunningNode {
  readonly #init: NodeInit;
  #opened: OpenedNode | undefined;
  #reopening: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(init: NodeInit) {
    this.#init = init;
  }

  async start(): Promise<OpenedNode> {
    const opened = await openNode({ ...this.#init, reopen: () => this.#reopen() });
    this.#opened = opened;
    await opened.node.start();
    return opened;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#reopening;
    await this.#opened?.node.stop();
  }

  #reopen(): void {
    this.#reopening = this.#openAnew(this.#reopening);
  }

  async #openAnew(before: Promise<void>): Promise<void> {
    await before;
    if (this.#stopped) return;
    const { log } = this.#init;
    log.info({}, 'opening anew with a new incarnation');
    try {
      await this.#opened?.node.stop();
      await this.start();
    } catch (error) {
      log.error({ error: messageOf(error) }, 'the node did not open anew');
      // Without a node the program has nothing to do; whoever watches over it starts it again.
      setImmediate(() => {
        throw new CanopyError('not-reopened', messageOf(error), { cause: error });
      });
    }
  }
}
