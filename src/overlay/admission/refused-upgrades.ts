// Whoever fails before the certificates (no common encrypter, a bad handshake, silence) is audited here, once.
import type { Upgrader } from '@libp2p/interface';
import type { OverlayAudit } from '../audit.ts';
import type { Admissions } from './admissions.ts';
import { addressOf } from './encrypter.ts';

export interface UpgradeWatch {
  readonly admissions: Admissions;
  readonly audit: OverlayAudit;
}

export function auditUpgrades(upgrader: Upgrader, { admissions, audit }: UpgradeWatch): void {
  const upgradeInbound = upgrader.upgradeInbound.bind(upgrader);
  upgrader.upgradeInbound = async (connection, options) => {
    try {
      await upgradeInbound(connection, options);
    } catch (error) {
      if (!admissions.isAudited(connection)) {
        const reason = error instanceof Error ? error.name : 'unknown';
        audit({ code: 'connection-refused', reason, ...addressOf(connection) });
      }
      throw error;
    }
  };
}
