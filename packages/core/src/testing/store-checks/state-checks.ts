import type { StateStore } from '../../connector/state.ts';
import type { StoreCheck } from '../store-check.ts';
import { stateBoundGuarantees } from './state-bound-guarantees.ts';
import { stateLogGuarantees } from './state-log-guarantees.ts';
import type { StateCheckLimits } from './state-guarantee.ts';
import { stateRaceGuarantees } from './state-race-guarantees.ts';
import { stateValueGuarantees } from './state-value-guarantees.ts';

/** A fresh and empty state store. */
export interface OpenedStateStore {
  readonly store: StateStore;
  /** Another handle on the same data, as another replica has. Absent: only one process uses the store. */
  readonly second?: StateStore;
  close(): Promise<void>;
}

/**
 * Returns the guarantees of `State`, `StateLog` and `StateStore` as checks. `open` creates an empty store with the given limits, and each
 * check opens its own. Checks may run in any order, and at the same time if the opened stores share nothing.
 */
export function stateChecks(open: (limits: StateCheckLimits) => Promise<OpenedStateStore>): readonly StoreCheck[] {
  const guarantees = [...stateValueGuarantees, ...stateLogGuarantees, ...stateBoundGuarantees, ...stateRaceGuarantees];
  return guarantees.map(({ name, limits = {}, prove }) => ({
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
