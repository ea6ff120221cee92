import type { StateStore } from '../../connector/state.ts';
import type { StoreCheck } from '../store-check.ts';
import { stateBoundGuarantees } from './state-bound-guarantees.ts';
import { stateLogGuarantees } from './state-log-guarantees.ts';
import type { StateCheckLimits } from './state-guarantee.ts';
import { stateRaceGuarantees } from './state-race-guarantees.ts';
import { stateValueGuarantees } from './state-value-guarantees.ts';

/** A fresh and empty state store under check. */
export interface OpenedStateStore {
  readonly store: StateStore;
  /** Another handle on the same data, as another replica has. Absent: the store is used by one process alone. */
  readonly second?: StateStore;
  close(): Promise<void>;
}

/**
 * What `State`, `StateLog` and `StateStore` promise, as checks. `open` makes a store that holds nothing and keeps to the limits; each check
 * opens one of its own. Checks may run in any order, and at once where the opened stores share nothing.
 */
export function stateChecks(open: (limits: StateCheckLimits) => Promise<OpenedStateStore>): readonly StoreCheck[] {
  const promises = [...stateValueGuarantees, ...stateLogGuarantees, ...stateBoundGuarantees, ...stateRaceGuarantees];
  return promises.map(({ name, limits = {}, prove }) => ({
    name,
    async run() {
      const { store, second, close } = await open(limits);
      try {
        await prove(store, second ?? store);
      } finally {
        await close();
      }
    },
  }));
}
