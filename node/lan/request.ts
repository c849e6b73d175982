// What routes see of a request: its caller, and its body and query in the form that the route asks for.
import type { HttpBindings } from '@hono/node-server';
import * as v from 'valibot';
import { InputError } from '../../src/realm/errors.ts';
import type { Caller } from './caller.ts';

export interface LanEnv {
  /** `guestOf`: the realm and the address from where a user of ours works in another branch's LAN. */
  Bindings: HttpBindings & { readonly guestOf?: string };
  Variables: { caller: Caller };
}

/** The JSON body of a request in the form that is asked for. @throws InputError `request-malformed` */
export async function bodyOf<T>(request: Request, schema: v.BaseSchema<unknown, T, v.BaseIssue<unknown>>): Promise<T> {
  // Only pages of this server may send this type (fetch standard, CORS-safelisted request headers).
  if (!/^application\/json(;|$)/i.test(request.headers.get('content-type') ?? '')) {
    throw new InputError('request-malformed', 'a request has the type application/json');
  }
  const text = await request.text();
  return formOf(parseJson(text), schema);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError('request-malformed', 'the request is not JSON', { cause });
  }
}

/** @throws InputError `request-malformed` */
export function formOf<T>(input: unknown, schema: v.BaseSchema<unknown, T, v.BaseIssue<unknown>>): T {
  const result = v.safeParse(schema, input);
  if (!result.success) throw new InputError('request-malformed', 'the request fits no form of this route');
  return result.output;
}
