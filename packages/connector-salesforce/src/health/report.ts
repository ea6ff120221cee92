import { truncate } from '@busbar/core';
import { z } from 'zod';
import type { CheckResult, ChecksRun } from './run-checks.ts';
import { scoreOf, type Score } from './score.ts';

const maxDetails = 10;
const maxDetailLength = 200;

/** The answer to a health check. */
export const Report = z.object({
  summary: z.string().describe('The whole in a few sentences, for a person'),
  score: z.int().optional().describe('0 to 100, by this connector’s own weights; what could not be read counts as failed'),
  grade: z.enum(['A', 'B', 'C', 'D', 'F']).optional().describe('By the score; a failed check keeps it from A, a grave one from B'),
  notGraded: z.string().optional().describe('Why there is no score and no grade'),
  org: z
    .object({
      id: z.string().optional().describe('Id'),
      name: z.string().optional().describe('Name'),
      edition: z.string().optional().describe('Edition'),
      sandbox: z.boolean().optional().describe('Whether it is a sandbox'),
    })
    .optional()
    .describe('The org'),
  counts: z
    .object({
      pass: z.int().describe('Passed'),
      warn: z.int().describe('To be looked at'),
      fail: z.int().describe('Failed'),
      unknown: z.int().describe('Could not be judged'),
    })
    .describe('How the checks ended'),
  checks: z
    .array(
      z.object({
        id: z.string().describe('Id'),
        title: z.string().describe('What was looked at'),
        category: z.string().describe('Category'),
        status: z.enum(['pass', 'warn', 'fail', 'unknown']).describe('How it ended'),
        evidence: z.string().describe('What was found'),
        details: z.array(z.string()).optional().describe('The worst cases, 10 at most'),
        advice: z.string().optional().describe('What to do'),
        missingPermission: z.string().optional().describe('What the connection’s user needs for it'),
      }),
    )
    .describe('Every check, the worst first'),
  apiCalls: z.int().describe('API calls that it took'),
});

const order = { fail: 0, warn: 1, unknown: 2, pass: 3 } as const;

/** Writes the report. Passed checks have no details unless `full` is set. */
export function reportOf({ results, org, apiCalls }: ChecksRun, full: boolean): z.output<typeof Report> {
  const sorted = results.toSorted((a, b) => order[a.status] - order[b.status] || b.check.weight - a.check.weight);
  const count = (status: CheckResult['status']): number => results.filter((result) => result.status === status).length;
  const score = scoreOf(results);
  const text = (field: string): string | undefined => (typeof org?.[field] === 'string' ? org[field] : undefined);
  const [id, name, edition] = [text('Id'), text('Name'), text('OrganizationType')];
  const sandbox = typeof org?.['IsSandbox'] === 'boolean' ? org['IsSandbox'] : undefined;
  return {
    summary: summaryOf(sorted, name ?? 'The org', score),
    ...score,
    ...(org && {
      org: { ...(id && { id }), ...(name && { name }), ...(edition && { edition }), ...(sandbox !== undefined && { sandbox }) },
    }),
    counts: { pass: count('pass'), warn: count('warn'), fail: count('fail'), unknown: count('unknown') },
    checks: sorted.map(({ check, status, evidence, details = [], missingPermission }) => ({
      id: check.id,
      title: check.title,
      category: check.category,
      status,
      evidence,
      ...((full || status !== 'pass') &&
        details.length > 0 && {
          details: [
            ...details.slice(0, maxDetails).map((detail) => truncate(detail, maxDetailLength) ?? ''),
            ...(details.length > maxDetails ? [`… and ${details.length - maxDetails} more`] : []),
          ],
        }),
      ...((status === 'warn' || status === 'fail') && { advice: check.advice }),
      ...(missingPermission !== undefined && { missingPermission }),
    })),
    apiCalls,
  };
}

function summaryOf(sorted: readonly CheckResult[], name: string, score: Score): string {
  const of = (status: CheckResult['status']): readonly CheckResult[] => sorted.filter((result) => result.status === status);
  const [failed, warned, unknown] = [of('fail'), of('warn'), of('unknown')];
  const permissions = [...new Set(unknown.flatMap(({ missingPermission }) => missingPermission ?? []))];
  return [
    verdictOf(sorted, name, score),
    `${sorted.length} checks: ${of('pass').length} passed, ${warned.length} to be looked at, ${failed.length} failed, ${unknown.length} unknown.`,
    failed.length > 0 && `Failed: ${listOf(failed, 5, ' ', ({ check, evidence }) => `${check.title}: ${evidence}`)}`,
    warned.length > 0 && `To be looked at: ${listOf(warned, 8, '; ', ({ check }) => check.title)}.`,
    permissions.length > 0 && `For what is unknown the connection’s user may need: ${permissions.join('; ')}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

function verdictOf(results: readonly CheckResult[], name: string, score: Score): string {
  if ('notGraded' in score) return `${name} has no grade: ${score.notGraded}.`;
  const unread = results.filter((result) => result.unread).length;
  const judged = results.filter(({ status }) => status !== 'unknown').length;
  const least = unread > 0 ? 'at least ' : '';
  const why = unread > 0 ? ` The ${unread} that could not be read count as failed.` : '';
  return `${name} has ${least}grade ${score.grade}, ${score.score} of 100 by our own weights, from ${judged} of ${results.length} checks.${why}`;
}

/** Lists the first results, and says how many more there are. */
function listOf(results: readonly CheckResult[], most: number, separator: string, text: (result: CheckResult) => string): string {
  const listed = results.slice(0, most).map(text);
  return [...listed, ...(results.length > most ? [`and ${results.length - most} more`] : [])].join(separator);
}
