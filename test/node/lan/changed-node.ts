// A node whose code was changed: a second LAN server over the same real parts of a branch, with some of them replaced. A lie can be
// switched on and off.
import type { TestContext } from 'node:test';
import type { LanComponents } from '../../../node/lan/components.ts';
import { createLanServer, type LanServer } from '../../../node/lan/server.ts';
import { type Branch, REALM } from './branch-fixture.ts';

export interface ChangedNode {
  readonly server: LanServer;
  isLying: boolean;
}

/** `change` gives the parts that take the place of real ones. */
export async function changedNode(
  t: TestContext,
  branch: Branch,
  change: (real: LanComponents, node: { readonly isLying: boolean }) => Partial<LanComponents>,
): Promise<ChangedNode> {
  const state = { isLying: false };
  const components = { ...branch.components, ...change(branch.components, state) };
  const names = [`${REALM.split('.')[0]}.localhost`];
  const server = createLanServer(components, { host: '127.0.0.1', port: 0, names });
  await server.start();
  t.after(() => server.stop());
  return Object.assign(state, { server });
}

/** A part of which some things are replaced, and all others are as they were. */
export function replaced<T extends object>(real: T, changes: Partial<T>): T {
  return new Proxy(real, {
    get: (target, name) => {
      if (Object.hasOwn(changes, name)) return Reflect.get(changes, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
