import type { z } from 'zod';
import { Limit, type LimitsAnswer } from './schemas.ts';

/** The limits that stop an org's work once the org reaches them. */
export const watchedLimits: ReadonlySet<string> = new Set([
  'DailyApiRequests',
  'DataStorageMB',
  'FileStorageMB',
  'DailyAsyncApexExecutions',
  'DailyWorkflowEmails',
  'HourlyTimeBasedWorkflow',
]);

/** The usage of one limit. */
export interface UsedLimit {
  readonly name: string;
  readonly used: number;
  readonly max: number;
  readonly usedPercent: number;
}

/**
 * Returns the org's limits, the most used first. A limit's own parts, such as the share of an app, are named after both:
 * `PermissionSets.CreateCustom`. Leaves out limits with a Max of 0, because the org does not have them.
 */
export function usedLimits(limits: z.output<typeof LimitsAnswer>): UsedLimit[] {
  return Object.entries(limits)
    .flatMap(([name, entry]) => [usedLimit(name, entry), ...partsOf(entry).map(([part, value]) => usedLimit(`${name}.${part}`, value))])
    .filter((limit) => limit !== undefined)
    .toSorted((a, b) => b.usedPercent - a.usedPercent || (a.name < b.name ? -1 : 1));
}

function usedLimit(name: string, entry: unknown): UsedLimit | undefined {
  const limit = Limit.safeParse(entry).data;
  if (!limit || limit.Max <= 0) return undefined;
  const { Max: max, Remaining: remaining } = limit;
  const used = max - remaining;
  return { name, used, max, usedPercent: Math.round((used / max) * 1000) / 10 };
}

const partsOf = (entry: unknown): [string, unknown][] => (typeof entry === 'object' && entry !== null ? Object.entries(entry) : []);
