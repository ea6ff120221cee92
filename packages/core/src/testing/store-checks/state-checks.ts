import type { StateStore } from '../../connector/state.ts';
import type { OpenedStore, StoreCheck } from '../store-check.ts';
import { stateBoundGuarantees } from './state-bound-guarantees.ts';
import type { StateCheckLimits } from './state-guarantee.ts';
import { stateLogGuarantees } from './state-log-guarantees.ts';
import { stateRaceGuarantees } from './state-race-guarantees.ts';
import { stateValueGuarantees } from './state-value-guarantees.ts';

/**
 * Returns the guarantees of `State`, `StateLog` and `StateStore` as checks. `open` creates an empty store with the given limits, and each
 * check opens its own. Checks may run in any order, and at the same time if the opened stores share nothing.
 */
export function stateChecks(open: (limits: StateCheckLimits) => Promise<OpenedStore<StateStore>>): readonly StoreCheck[] {
  const guarantees = [...stateValueGuarantees, ...stateLogGuarantees, ...stateBoundGuarantees, ...stateRaceGuarantees];
  return guarantees.map(({ name, limits = {}, prove }) => ({
    name,
    async run() {
      const { first, second, close } = await open(limits);
      try {
        await prove(first, second ?? first);
      } finally {
        await close();
      }
    },
  }));
}
