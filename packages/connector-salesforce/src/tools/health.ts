import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SalesforceClient } from '../client.ts';
import { orgHealthCategories, orgHealthChecks } from '../health/org-health.ts';
import { Report, reportOf } from '../health/report.ts';
import { revenueCloudCategories, revenueCloudChecks } from '../health/revenue-cloud.ts';
import { runChecks } from '../health/run-checks.ts';

const input = <C extends readonly [string, ...string[]]>(categories: C) =>
  z.object({
    categories: z.array(z.enum(categories)).min(1).max(categories.length).optional().describe('Which checks to run. Absent: all'),
    detail: z.enum(['summary', 'full']).default('summary').describe('"full": details of what passed too. Default: summary'),
  });

export const healthTools = (tool: ToolBuilder<SalesforceClient>) => [
  tool({
    name: 'salesforce_org_health_check',
    description:
      'Examines a Salesforce org: Salesforce’s own security score, risky settings, limits, licences, users and their rights, sharing, code, automation, release updates and packages. Changes nothing and takes at most 20 API calls. Each check is pass, warn, fail or unknown, with evidence, advice and the permission that is missing. Score and grade are this connector’s own.',
    effect: 'read',
    input: input(orgHealthCategories),
    output: Report,
    run: async ({ categories, detail }, client, context) => {
      const checks = orgHealthChecks(client.version).filter(({ category }) => categories?.includes(category) ?? true);
      return reportOf(await runChecks(client, context, checks), detail === 'full');
    },
  }),

  tool({
    name: 'salesforce_revenue_cloud_health_check',
    description:
      'Examines the product catalogue of a Salesforce org with Revenue Cloud: depth, size and cycles of bundles, number of attributes, picklists, sharing. Changes nothing and takes at most 20 API calls. In an org without Revenue Cloud its checks are unknown.',
    effect: 'read',
    input: input(revenueCloudCategories),
    output: Report,
    run: async ({ categories, detail }, client, context) => {
      const checks = revenueCloudChecks.filter(({ category }) => categories?.includes(category) ?? true);
      return reportOf(await runChecks(client, context, checks), detail === 'full');
    },
  }),
];
