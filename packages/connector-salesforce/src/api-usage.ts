import type { RateLimitStatus } from '@busbar/core';

/**
 * How the org's requests of the last 24 hours stand, by `Sforce-Limit-Info: api-usage=18/15000`, which comes with every REST answer. It may
 * name an app's own share as well (`per-app-api-usage`), which is not meant here.
 */
export function apiUsage(headers: Headers): RateLimitStatus | undefined {
  const found = /(?:^|[\s;,])api-usage=(\d+)\/(\d+)/.exec(headers.get('sforce-limit-info') ?? '');
  if (!found) return undefined;
  const [, used, limit] = found.map(Number) as [number, number, number];
  return { limit, remaining: Math.max(0, limit - used) };
}
