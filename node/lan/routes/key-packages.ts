// Key packages: a device leaves its own here, and takes those of others to add them to a group.
import { Hono } from 'hono';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { keyPackagesRequest } from '../../../src/protocols/lan/group-routes.ts';
import { userId } from '../../../src/protocols/lan/wire.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import type { LanComponents, LanKeyPackages } from '../components.ts';
import { bodyOf, formOf, type LanEnv } from '../request.ts';

export function keyPackageRoutes(components: Pick<LanComponents, 'keyPackages'>): Hono<LanEnv> {
  const routes = new Hono<LanEnv>();
  const service = (): LanKeyPackages => {
    if (components.keyPackages) return components.keyPackages;
    throw new RefusedError('not-found', 'this server keeps no key packages');
  };
  const bytes = (text: string): Uint8Array => fromString(text, 'base64url');

  routes.post('/key-packages', async (context) => {
    const { user, session } = context.get('caller');
    const { packages, lastResort } = await bodyOf(context.req.raw, keyPackagesRequest);
    const given = {
      packages: packages.map(bytes),
      ...(lastResort !== undefined && { lastResort: bytes(lastResort) }),
    };
    const waiting = await service().put(user.id, session.device.id, given);
    return context.json({ waiting, lastResort: await service().hasLastResort(user.id, session.device.id) });
  });

  routes.post('/users/:id/key-packages/claim', async (context) => {
    const { user } = context.get('caller');
    const whose = formOf(context.req.param('id'), userId);
    const claimed = await service().claim(user.id, whose, context.req.raw.signal);
    return context.json({
      packages: claimed.map(({ device, keyPackage, isLastResort }) => {
        return { device, keyPackage: toString(keyPackage, 'base64url'), lastResort: isLastResort };
      }),
    });
  });
  return routes;
}
