// The pairing line of a DMZ host that has joined.
import { peerIdOfKey } from '../../src/overlay/identity.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { readLeafKey } from '../../src/settings/key-files.ts';
import { innerRelayAddresses } from '../../src/settings/relay-addresses.ts';
import { type Environment, readSettings } from '../../src/settings/settings.ts';
import type { JoinPlan } from './join-plan.ts';
import { encodePairing } from './pairing.ts';

export async function pairingLine(plan: JoinPlan, env: Environment): Promise<string> {
  const directory = dataDirectory(plan.dir);
  const { settings } = await readSettings(directory, env);
  const { publicKey } = await readLeafKey(directory.relay);
  return encodePairing(plan.tokenLine, innerRelayAddresses(settings.relay, peerIdOfKey(publicKey)));
}
