// The demonstration's users: added as an administrator adds them, with a first password that their first login replaces.
import { AdminClient } from '../../node/admin/api.ts';
import type { Client } from '../../src/client/client.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { registerUser } from '../register-user.ts';
import { type DemoBranch, newPassword } from './demo-plan.ts';

/** Leaves the client logged in. */
export async function admit(branch: DemoBranch, client: Client, signal: AbortSignal): Promise<void> {
  const { login, name, address, password } = branch.user;
  const admin = new AdminClient(dataDirectory(branch.dir).socket.node);
  const known = await admin.users();
  if (known.some((user) => user.address === address)) {
    await client.login(address, password, { signal });
    return;
  }
  const first = newPassword();
  await registerUser(admin, { login, name, password: first });
  await client.login(address, first, { newPassword: password, signal });
}
