// What the operator may do with trusts over the control socket.
import { InputError } from '../src/realm/errors.ts';
import type { RealmName } from '../src/realm/names.ts';
import { type Login, parseLogin, parseUserAddress } from '../src/realm/user-address.ts';
import { type PartRoutes, partRoute } from './admin/server.ts';
import { TRUST_REQUESTS } from './admin/trust-api.ts';
import type { Reach } from './reach.ts';
import type { Trusts } from './trusts/trusts.ts';

export interface TrustOperatorComponents {
  readonly realm: RealmName;
  readonly trusts: Trusts;
  readonly reach: Reach;
}

export function trustRoutes({ realm, trusts, reach }: TrustOperatorComponents): PartRoutes {
  return {
    'GET /v1/trusts': async () => ({ trusts: await trusts.list() }),
    'POST /v1/trusts/add': partRoute(TRUST_REQUESTS.add, ({ dryRun, ours, theirs, ...wish }) =>
      trusts.propose({ ...wish, ours: loginsOf(ours, realm), theirs: loginsOf(theirs, wish.realm) }, { dryRun }),
    ),
    'POST /v1/trusts/accept': partRoute(TRUST_REQUESTS.which, ({ which, dryRun }) => trusts.accept(which, { dryRun })),
    'POST /v1/trusts/decline': partRoute(TRUST_REQUESTS.which, ({ which }) => trusts.decline(which)),
    'POST /v1/trusts/remove': partRoute(TRUST_REQUESTS.which, ({ which, dryRun }) => trusts.remove(which, { dryRun })),
    'POST /v1/reach': partRoute(TRUST_REQUESTS.reach, async (asked) => ({ realm, pairs: reach.pairs(asked) })),
  };
}

/** `clerk` and `clerk@kyiv.acme.ua` alike. @throws InputError `not-theirs` */
function loginsOf(texts: readonly string[], realm: RealmName): Login[] {
  return texts.map((text) => {
    if (!text.includes('@')) return parseLogin(text);
    const address = parseUserAddress(text);
    if (address.realm === realm) return address.login;
    throw new InputError('not-theirs', `${text} is not of ${realm}`, {
      hint: '--from names people of this realm, --to those of the other.',
    });
  });
}
