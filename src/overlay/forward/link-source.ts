// What forwarding asks of a relay's links; src/overlay/links implements it.
import type { Connection } from '@libp2p/interface';
import type { RealmName } from '../../realm/names.ts';
import type { PathKind } from '../../realm/path-kinds.ts';
import type { PathReport } from '../seam.ts';

export interface SourcedLink {
  readonly connection: Connection;
  readonly path: Exclude<PathKind, 'local'>;
  /** The realm whose relay carries a relayed link. */
  readonly via?: RealmName;
}

export interface LinkSource {
  /** @throws UnreachableError `no-path` */
  get(realm: RealmName, signal: AbortSignal): Promise<SourcedLink>;
  /** The connections with each relay of the realm at this moment, the best first. */
  ways?(realm: RealmName): readonly SourcedLink[];
  reports(): PathReport[];
  onChange(listener: (report: PathReport) => void): () => void;
}
