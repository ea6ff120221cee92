import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QuotaRule } from '@busbar/core';
import type { Database } from '@busbar/postgres';
import { temporaryFolder } from '../server-process.ts';

/** A monthly quota for the calls of one tool. */
export type ToolQuota = QuotaRule & { readonly each: 'tenant' | 'key'; readonly where: { readonly tool: string } };

/** Creates a quota for a tool, for all clients together or for each client. */
export const quotaOf = (tool: string, each: ToolQuota['each'], limit: number): ToolQuota => ({
  of: 'calls',
  limit,
  per: 'month',
  each,
  where: { tool },
});

/** The setting for a server with these quotas. Their file is deleted with the stack. */
export async function quotaSetting(stack: AsyncDisposableStack, quotas: readonly ToolQuota[]): Promise<Readonly<Record<string, string>>> {
  const file = join(await temporaryFolder(stack), 'quotas.json');
  await writeFile(file, JSON.stringify(quotas));
  return { BUSBAR_QUOTAS: file };
}

/** The quotas that charged calls have overspent, as sentences. The list should be empty. */
export async function findOverspending({ db }: Database, quotas: readonly ToolQuota[]): Promise<string[]> {
  const charged = await db.selectFrom('calls').select(['tool', 'tenant', 'principal', 'started_at']).where('charged', '=', true).execute();
  const problems: string[] = [];
  for (const { where, each, limit } of quotas) {
    const spenders = charged
      .filter(({ tool }) => tool === where.tool)
      .map(({ tenant, principal, started_at }) => `${each === 'key' ? principal : tenant} in ${started_at.toISOString().slice(0, 7)}`);
    for (const [spender, { length }] of Map.groupBy(spenders, (spender) => spender))
      if (length > limit) problems.push(`${spender} spent ${length} of ${limit} ${where.tool}`);
  }
  return problems;
}
