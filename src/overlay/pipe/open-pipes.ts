// Puts the parts of pipes of a relay together.
import type { Clock } from '../../realm/clock.ts';
import type { Log } from '../../realm/log.ts';
import { type Charter, EMPTY_CHARTER } from '../charter.ts';
import type { Host } from '../host.ts';
import { relationOf } from '../scope.ts';
import { PipeCarrier } from './carrier.ts';
import { openDoor } from './door.ts';
import { RelayPipes } from './relay-pipes.ts';
import { Tickets } from './tickets.ts';

export interface PipesInit {
  readonly host: Pick<Host, 'internals' | 'admissions' | 'shares'>;
  readonly charter?: Pick<Charter, 'arePartners'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Not started yet; its door is open from now on. */
export function openPipes({ host, charter = EMPTY_CHARTER, clock, log }: PipesInit): RelayPipes {
  const { admissions, internals, shares } = host;
  const tickets = new Tickets(clock);
  openDoor(internals.upgrader, tickets, admissions);
  const carrier = new PipeCarrier({
    registrar: internals.registrar,
    admissions,
    tickets,
    shares,
    mayJoin: (from, to) => relationOf(from, to) !== 'stranger' || charter.arePartners(from.realm, to.realm),
    clock,
    log,
  });
  return new RelayPipes({ admissions, tickets, carrier, clock });
}
