// A branch on the forgetful disk that can lose its power at a chosen write, and is started again as after a crash.
import type { RealmName } from '../../src/realm/names.ts';
import { createDatabase } from '../../src/store/database.ts';
import type { Engine } from '../../src/store/engine.ts';
import { ForgetfulDisk } from '../store/forgetful-disk.ts';
import { type Branch, type BranchOptions, startBranch } from './simulated-branch.ts';
import type { SimulatedNetwork } from './simulated-network.ts';

/** `before`: what was written is lost. `after`: it is on disk, but nobody was told. */
export type CutPoint = 'before' | 'after';

const NEVER = new Promise<never>(() => {});

export interface CrashingInit {
  readonly disk?: ForgetfulDisk;
  readonly options?: Omit<BranchOptions, 'realm' | 'database' | 'network'>;
}

export class CrashingBranch {
  readonly realm: RealmName;
  readonly #network: SimulatedNetwork;
  readonly #disk: ForgetfulDisk;
  readonly #options: CrashingInit['options'];
  #branch: Branch | undefined;
  /** Writes since the last start. */
  writes = 0;
  crashes = 0;
  #cut: { at: number; point: CutPoint } | undefined;

  constructor(network: SimulatedNetwork, realm: RealmName, init: CrashingInit = {}) {
    this.#disk = init.disk ?? new ForgetfulDisk();
    this.#options = init.options ?? {};
    this.#network = network;
    this.realm = realm;
  }

  get branch(): Branch {
    if (!this.#branch) throw new Error('the branch is down');
    return this.#branch;
  }

  get isUp(): boolean {
    return this.#branch !== undefined;
  }

  async start(): Promise<Branch> {
    this.writes = 0;
    const database = await createDatabase(this.#engine());
    this.#branch = await startBranch({ realm: this.realm, database, network: this.#network, ...this.#options });
    return this.#branch;
  }

  /** The power goes at the n-th write from now. */
  cutAt(n: number, point: CutPoint): void {
    this.#cut = { at: this.writes + n, point };
  }

  /** No cut is due any more. */
  disarm(): void {
    this.#cut = undefined;
  }

  crash(): void {
    const branch = this.#branch;
    this.#branch = undefined;
    this.crashes++;
    this.#cut = undefined;
    this.#disk.powerCut();
    this.#network.cut(this.realm);
    // Its commits never get an answer: only its timers and loops end.
    void branch?.stop().catch(() => {});
  }

  #engine(): Engine {
    const engine = this.#disk.openEngine();
    const write: Engine['write'] = async (writes) => {
      const cut = ++this.writes === this.#cut?.at ? this.#cut : undefined;
      if (cut?.point === 'before') {
        this.crash();
        return NEVER;
      }
      await engine.write(writes);
      if (cut?.point !== 'after') return;
      this.crash();
      return NEVER;
    };
    return { ...engine, write };
  }
}
