import type { UsagePolicy } from '../../billing/quota.ts';
import type { Metering } from '../../ports/metering.ts';
import type { OpenedStore, StoreCheck } from '../store-check.ts';
import { meteringClaimGuarantees } from './metering-claim-guarantees.ts';
import { meteringDuplicateGuarantees } from './metering-duplicate-guarantees.ts';
import { meteringQuotaGuarantees } from './metering-quota-guarantees.ts';
import { meteringRecordGuarantees } from './metering-record-guarantees.ts';

/**
 * Returns the guarantees of `Metering` as checks. `open` creates a `Metering` with the given policy. Each check opens its own instance and
 * makes its calls for its own tenant, so the instances may share their data. The clock must run, because a `Metering` may poll for
 * duplicate calls.
 */
export function meteringChecks(open: (policy: UsagePolicy) => Promise<OpenedStore<Metering>>): readonly StoreCheck[] {
  return [...meteringClaimGuarantees, ...meteringDuplicateGuarantees, ...meteringQuotaGuarantees, ...meteringRecordGuarantees].map(
    ({ name, policy = {}, prove }) => ({
      name,
      async run() {
        const { first, second, close } = await open(policy);
        try {
          await prove(first, second ?? first);
        } finally {
          await close();
        }
      },
    }),
  );
}
