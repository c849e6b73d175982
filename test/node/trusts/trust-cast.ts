// Who plays in the tests of trusts: the nodes of a tree, and what most of them do with each other.
import { type TestContext } from 'node:test';
import { encodeChain } from '../../../src/pki/chain.ts';
import { leafKeyOfSeed, signWithLeaf } from '../../../src/pki/keys.ts';
import { ACME, BETA, KYIV, LVIV, ODESA, UA } from '../errands/errand-tree.ts';
import { type TrustRealm, TrustWorld } from './trust-world.ts';

export const LIMIT = { timeout: 20_000 };
export const never = new AbortController().signal;

export interface Cast {
  readonly world: TrustWorld;
  readonly ua: TrustRealm;
  readonly beta: TrustRealm;
  readonly kyiv: TrustRealm;
  readonly lviv: TrustRealm;
  readonly odesa: TrustRealm;
}

export async function cast(t: TestContext): Promise<Cast> {
  const world = new TrustWorld();
  const opened = await Promise.all([UA, ACME, BETA, KYIV, LVIV, ODESA].map((realm) => world.open(realm)));
  for (const realm of opened) t.after(() => realm.stop());
  const [ua, , beta, kyiv, lviv, odesa] = opened;
  if (!ua || !beta || !kyiv || !lviv || !odesa) throw new Error('no cast');
  return { world, ua, beta, kyiv, lviv, odesa };
}

export const states = async ({ trusts }: TrustRealm): Promise<string[]> =>
  (await trusts.list()).map(({ state }) => state);

export async function agreed({ world, kyiv, odesa }: Cast): Promise<string> {
  await kyiv.trusts.propose(world.wish(ODESA));
  const { trust } = await odesa.trusts.accept(KYIV);
  return trust.id;
}

/** Waits for what a notice sets off; the test's own limit ends it. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

export const isTold = async ({ trusts }: TrustRealm): Promise<boolean> =>
  !(await trusts.list()).some(({ untold }) => untold);

export function signerOf({ identity }: TrustRealm) {
  const key = leafKeyOfSeed(identity.privateKey);
  return { chain: encodeChain(identity.chain), sign: (data: Uint8Array) => signWithLeaf(key, data) };
}
