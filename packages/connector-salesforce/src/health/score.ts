import type { CheckResult } from './run-checks.ts';

/** The connector's own grade for an org. Salesforce has no grade, only a security score. */
export interface Score {
  /** 0 to 100. Undefined if no check with a weight could run. */
  readonly score: number | undefined;
  readonly grade: 'A' | 'B' | 'C' | 'D' | 'F' | undefined;
}

const points = { pass: 100, warn: 50, fail: 0 } as const;

/**
 * Returns the weighted mean of the checks (pass 100, warning 50, failure 0), and a grade: A from 90, B from 80, C from 70, D from 60. With
 * a failed check, the grade is at best B, or C if the check's weight is 3. Unknown checks do not count.
 */
export function scoreOf(results: readonly CheckResult[]): Score {
  let sum = 0;
  let weights = 0;
  let cap = 0;
  for (const { status, check } of results) {
    if (status === 'unknown') continue;
    sum += points[status] * check.weight;
    weights += check.weight;
    if (status === 'fail') cap = Math.max(cap, check.weight >= 3 ? 2 : 1);
  }
  if (weights === 0) return { score: undefined, grade: undefined };
  const score = Math.round(sum / weights);
  const rank = score >= 90 ? 0 : score >= 80 ? 1 : score >= 70 ? 2 : score >= 60 ? 3 : 4;
  return { score, grade: (['A', 'B', 'C', 'D', 'F'] as const)[Math.max(rank, cap)] };
}
