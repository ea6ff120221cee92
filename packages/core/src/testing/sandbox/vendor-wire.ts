import type { CockatielResilienceOptions } from '../../adapters/cockatiel.ts';
import type { HostOptions } from '../../host.ts';

/**
 * Returns the options with which a test's host reaches a sandbox: real sockets, and production's resilience with waits of one millisecond.
 *
 * @throws {Error} if the libraries are not installed: only connectors that reach a vendor need them.
 */
export async function vendorWire(
  options: CockatielResilienceOptions = {},
): Promise<Required<Pick<HostOptions, 'httpClient' | 'resilience'>>> {
  const [{ gotHttpClient }, { cockatielResilience }] = await Promise.all([
    import('../../adapters/got.ts'),
    import('../../adapters/cockatiel.ts'),
  ]).catch((cause: unknown) => {
    throw new Error('To test a connector that reaches a vendor: npm install --save-dev got cockatiel p-retry', { cause });
  });
  return { httpClient: gotHttpClient(), resilience: cockatielResilience({ backoffMs: 1, ...options }) };
}
