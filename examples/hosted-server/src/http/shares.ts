import { ToolError } from '@busbar/core';

/** A number of places, of which no owner has more than a share. */
export interface Shares {
  /** Takes a place for an owner. Returns false, and takes none, if all places or all of the owner's are taken. */
  take(owner: string): boolean;
  /** Takes a place for an owner. @throws {ToolError} OVERLOADED, with a wait of 5 seconds, if there is none. */
  takeOrRefuse(owner: string): void;
  /** Gives a place back that the owner has taken. */
  give(owner: string): void;
}

/** What takes the places, in the plural, and how many there are. */
export interface SharesOptions {
  readonly what: string;
  readonly total: number;
  /** The most of one owner. */
  readonly each: number;
}

const retryAfterMs = 5_000;

/** Creates places that are all free. */
export function createShares({ what, total, each }: SharesOptions): Shares {
  // At most `total` owners.
  const taken = new Map<string, number>();
  let free = total;

  function take(owner: string): boolean {
    const own = taken.get(owner) ?? 0;
    if (free === 0 || own >= each) return false;
    free -= 1;
    taken.set(owner, own + 1);
    return true;
  }

  return {
    take,
    takeOrRefuse(owner) {
      if (!take(owner))
        throw new ToolError('OVERLOADED', `Too many ${what} are running at the moment. Wait until others have ended, then try again.`, {
          retryAfterMs,
        });
    },
    give(owner) {
      const own = taken.get(owner);
      if (own === undefined) return;
      free += 1;
      if (own === 1) taken.delete(owner);
      else taken.set(owner, own - 1);
    },
  };
}
