// Refusals of commits that a client acts on by a number.
import { ConflictError } from '../../src/realm/errors.ts';

/** Another commit was accepted for that epoch, or the group is not there yet: its next commit is based on `epoch`. */
export class EpochError extends ConflictError {
  readonly epoch: number;

  /** @param code `commit-lost` or `epoch-ahead` */
  constructor(code: 'commit-lost' | 'epoch-ahead', epoch: number) {
    super(code, `The group takes a commit that is based on epoch ${epoch}`);
    this.epoch = epoch;
  }
}
