import { VendorError } from '@busbar/core/testing';
import { vendorLimits } from './vendor-limits.ts';

interface Head {
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Refuses a request whose head is too long. The refusal has no body, because the servers in front of Salesforce send none. @throws
 * {VendorError} 414 or 431.
 */
export function demandShortHead({ url, headers }: Head): void {
  if (url.length > vendorLimits.headBytes.most) throw new VendorError(414);
  // The size on the wire: each header with its colon, space and line end.
  const lengths = Object.entries(headers).map(([name, value]) => name.length + value.length + 4);
  if (lengths.reduce((sum, length) => sum + length, url.length) > vendorLimits.headBytes.most) throw new VendorError(431);
}
