// OPAQUE registration of a new user, the client's side of it, over the control socket.
import type { AdminClient, AdminUser } from '../node/admin/api.ts';
import { registerPassword } from '../src/crypto/login.ts';
import { parseUserId } from '../src/realm/ids.ts';

export interface NewUser {
  readonly login: string;
  readonly name: string;
  readonly department?: string | undefined;
  readonly password: string;
}

export async function registerUser(admin: AdminClient, user: NewUser): Promise<AdminUser> {
  const { realm } = await admin.status();
  let registrationId = '';
  const { record } = await registerPassword(user.password, realm, async (request) => {
    const { login, name, department } = user;
    const started = await admin.startUser({ login, name, department, request });
    registrationId = started.registrationId;
    return { response: started.response, userId: parseUserId(started.userId) };
  });
  return admin.finishUser({ registrationId, record });
}
