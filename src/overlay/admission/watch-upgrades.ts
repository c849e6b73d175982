// Stands before libp2p's upgrader: guards the choice of an encrypter, and audits once whoever fails before the certificates
// (no common encrypter, a bad handshake, silence).
import type { Connection, MultiaddrConnection, Upgrader } from '@libp2p/interface';
import { RefusedError } from '../../realm/errors.ts';
import type { OverlayAudit } from '../audit.ts';
import type { Admissions } from './admissions.ts';
import { addressOf } from './encrypter.ts';
import { guardNegotiation } from './negotiation-guard.ts';
import { WaitingRoom } from './waiting-room.ts';

const CROWD = 'too-many-waiting';

export interface UpgradeWatch {
  readonly admissions: Admissions;
  readonly audit: OverlayAudit;
}

export function watchUpgrades(upgrader: Upgrader, { admissions, audit }: UpgradeWatch): void {
  const upgradeInbound = upgrader.upgradeInbound.bind(upgrader);
  const upgradeOutbound = upgrader.upgradeOutbound.bind(upgrader);
  const guard = (connection: MultiaddrConnection, options: object): void => {
    const encrypters = [...upgrader.getConnectionEncrypters().keys()];
    if (!('skipEncryption' in options)) guardNegotiation(connection, encrypters);
  };
  const room = new WaitingRoom();
  upgrader.upgradeInbound = async (connection, options) => {
    const leave = room.enter(connection);
    if (!leave) {
      audit({ code: 'connection-refused', reason: CROWD, ...addressOf(connection) });
      throw new RefusedError(CROWD, 'too many connections from one address wait to be admitted');
    }
    guard(connection, options);
    try {
      await upgradeInbound(connection, options);
    } catch (error) {
      if (!admissions.isAudited(connection) && !isGivenUp(connection)) {
        const reason = error instanceof Error ? error.name : 'unknown';
        audit({ code: 'connection-refused', reason, ...addressOf(connection) });
      }
      throw error;
    } finally {
      leave();
    }
  };
  upgrader.upgradeOutbound = (connection, options): Promise<Connection> => {
    guard(connection, options);
    return upgradeOutbound(connection, options);
  };
}

/** Circuits lead from admitted relays only: one that ends halfway is a dial that another way has overtaken. */
function isGivenUp({ remoteAddr }: MultiaddrConnection): boolean {
  return remoteAddr.toString().includes('/p2p-circuit');
}
