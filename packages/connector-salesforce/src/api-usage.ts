import type { RateLimitStatus } from '@busbar/core';

/**
 * Reads how many requests the org has left in its 24-hour window. Every REST answer has this number in a header: `Sforce-Limit-Info:
 * api-usage=18/15000`. The header may also give an app's own share (`per-app-api-usage`), which is ignored.
 */
export function apiUsage(headers: Headers): RateLimitStatus | undefined {
  const found = /(?:^|[\s;,])api-usage=(\d+)\/(\d+)/.exec(headers.get('sforce-limit-info') ?? '');
  if (!found) return undefined;
  const [, used, limit] = found.map(Number) as [number, number, number];
  return { limit, remaining: Math.max(0, limit - used) };
}
