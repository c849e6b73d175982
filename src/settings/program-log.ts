// The log of a program: one JSON object a line on stderr.
import { destination, pino } from 'pino';
import type { Log } from '../realm/log.ts';
import type { RealmName, Role } from '../realm/names.ts';
import type { LogLevel } from './setting-table.ts';

const STDERR = 2;

export function programLog(level: LogLevel, realm: RealmName, role: Role): Log {
  return pino(
    {
      level,
      base: { program: `${role} ${realm}`, pid: process.pid },
      messageKey: 'event',
      formatters: { level: (level) => ({ level }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
    },
    destination({ fd: STDERR, sync: true }),
  );
}
