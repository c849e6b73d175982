// Who is on the acted server. Some names are what an attacker would try.
import type { User } from '../../../src/client/client.ts';
import { directConversationId, parseConversationId, parseUserId } from '../../../src/realm/ids.ts';

function user(n: number, address: string, name: string): User {
  return { id: parseUserId(`00000000-0000-4000-8000-00000000000${n}`), address, name, kind: 'person' };
}

export const CLERK = user(1, 'clerk@kyiv.acme.ua', 'Clerk One');
export const ENGINEER = user(2, 'engineer@lviv.acme.ua', 'Engineer One');
export const ACCOUNTS = user(3, 'accounts@kyiv.acme.ua', 'Бухгалтерія, рахунки й дуже довга назва відділу');
/** The one with a photo. */
export const DRAWING: User = { ...user(4, 'drawing@lviv.acme.ua', 'Drawing Office'), photo: 'a'.repeat(43) };
export const SCRIPT = user(5, 'script@lviv.acme.ua', '<img src=x onerror=alert(1)>');
const NEWCOMER = user(6, 'newcomer@kyiv.acme.ua', 'New Comer');
export const PEOPLE: readonly User[] = [ENGINEER, ACCOUNTS, DRAWING, SCRIPT, NEWCOMER];

export const WORKS = parseConversationId('00000000-0000-4000-a000-000000000001');
export const WORKS_PEOPLE: readonly User[] = [CLERK, ENGINEER, DRAWING];

export function conversationOf(person: User) {
  return directConversationId(CLERK.id, person.id);
}
