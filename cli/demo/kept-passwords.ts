// A demonstration that is kept in a directory keeps its users' passwords there, in demo.json: it is a demonstration.
import { join } from 'node:path';
import * as v from 'valibot';
import { readOptional } from '../../src/settings/data-directory.ts';
import { makePrivateFolder, writePrivateFile } from '../../src/settings/private-file.ts';
import type { DemoBranch, DemoPlan } from './demo-plan.ts';

const schema = v.record(v.string(), v.string());

/** The plan with the passwords of an earlier run; those of a first run are written. */
export async function keepPasswords(plan: DemoPlan): Promise<DemoPlan> {
  const path = join(plan.dir, 'demo.json');
  const text = await readOptional(path);
  const kept = text === undefined ? {} : v.parse(schema, JSON.parse(text));
  const withKept = (branch: DemoBranch): DemoBranch => ({
    ...branch,
    user: { ...branch.user, password: kept[branch.user.address] ?? branch.user.password },
  });
  const [one, other] = plan.branches;
  const branches = [withKept(one), withKept(other)] as const;
  await makePrivateFolder(plan.dir);
  const passwords = Object.fromEntries(branches.map(({ user }) => [user.address, user.password]));
  await writePrivateFile(path, `${JSON.stringify(passwords, null, 2)}\n`);
  return { ...plan, branches };
}
