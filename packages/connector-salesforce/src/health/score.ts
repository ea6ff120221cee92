import type { CheckResult } from './run-checks.ts';

/** The connector's own grade for an org. Salesforce has no grade, only a security score. */
export type Score =
  | {
      /** 0 to 100. */
      readonly score: number;
      readonly grade: 'A' | 'B' | 'C' | 'D' | 'F';
    }
  /** Why the checks are too few for a grade. */
  | { readonly notGraded: string };

const points = { pass: 100, warn: 50, fail: 0 } as const;
/** The share of the weights that has to be read for a grade. */
const enough = 0.75;

/**
 * Returns the weighted mean of the checks (pass 100, warning 50, failure 0), and a grade: A from 90, B from 80, C from 70, D from 60. With
 * a failed check, the grade is at best B, or C if the check's weight is 3.
 *
 * A check whose data could not be read counts as failed, so that no user gets a better grade by seeing less. There is no grade if a check
 * of weight 3 is unknown, or if less than three quarters of the weights could be read. A check that found nothing to judge does not count.
 */
export function scoreOf(results: readonly CheckResult[]): Score {
  let sum = 0;
  let weights = 0;
  let read = 0;
  let cap = 0;
  for (const { status, check, unread } of results) {
    if (status === 'unknown' && check.weight >= 3) return { notGraded: `“${check.title}” is unknown, and it decides the grade` };
    if (status === 'unknown' && !unread) continue;
    const counted = status === 'unknown' ? 'fail' : status;
    sum += points[counted] * check.weight;
    weights += check.weight;
    if (status !== 'unknown') read += check.weight;
    if (counted === 'fail' && check.weight > 0) cap = Math.max(cap, check.weight >= 3 ? 2 : 1);
  }
  if (weights === 0) return { notGraded: 'no check found anything to judge' };
  if (read < weights * enough) return { notGraded: `only ${Math.round((read / weights) * 100)} % of what counts could be read` };
  const score = Math.round(sum / weights);
  const rank = score >= 90 ? 0 : score >= 80 ? 1 : score >= 70 ? 2 : score >= 60 ? 3 : 4;
  return { score, grade: (['A', 'B', 'C', 'D', 'F'] as const)[Math.max(rank, cap)] ?? 'F' };
}
