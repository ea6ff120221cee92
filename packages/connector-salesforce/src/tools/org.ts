import { ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SalesforceClient } from '../client.ts';
import { plainRecord } from '../plain-record.ts';
import { usedLimits, watchedLimits } from '../used-limits.ts';

const maxVersions = 100;

const text = (description: string) => z.string().optional().describe(description);

export const orgTools = (tool: ToolBuilder<SalesforceClient>) => [
  tool({
    name: 'salesforce_get_org',
    description:
      'Reads which Salesforce org this connection opens: name, edition, whether it is a sandbox, its instance, the API version in use and the newest that it has.',
    effect: 'read',
    input: z.object({}),
    output: z.object({
      id: text('Id of the org'),
      name: text('Name of the org'),
      edition: text('Edition'),
      sandbox: z.boolean().optional().describe('Whether it is a sandbox'),
      instance: text('Instance it runs on'),
      trialEndsAt: text('When its trial ends'),
      host: z.string().describe('Its My Domain'),
      apiVersion: z.string().describe('API version that this connection is pinned to'),
      apiVersions: z.array(z.string()).describe('Versions that the org has, oldest first'),
    }),
    run: async (_, client, context) => {
      const versions = (await client.listVersions(context)).slice(-maxVersions).map(({ version }) => `v${version}`);
      const { records } = await client.query(
        { soql: 'SELECT Id, Name, OrganizationType, IsSandbox, InstanceName, TrialExpirationDate FROM Organization LIMIT 1' },
        context,
      );
      const [org = {}] = records.map((record) => plainRecord(record));
      const textField = (name: string, field: string) => (typeof org[field] === 'string' ? { [name]: org[field] } : {});
      if (!versions.includes(client.version))
        context.warn(
          `The org does not list ${client.version}, the API version in use. Someone should set apiVersion in the connection’s settings.`,
        );
      return {
        ...textField('id', 'Id'),
        ...textField('name', 'Name'),
        ...textField('edition', 'OrganizationType'),
        ...(typeof org['IsSandbox'] === 'boolean' && { sandbox: org['IsSandbox'] }),
        ...textField('instance', 'InstanceName'),
        ...textField('trialEndsAt', 'TrialExpirationDate'),
        host: client.host,
        apiVersion: client.version,
        apiVersions: versions,
      };
    },
  }),

  tool({
    name: 'salesforce_get_limits',
    description:
      'Reads how much of the Salesforce org’s limits is used: API requests, storage, e-mails, asynchronous Apex and others. By default the important ones, and all that are at least 80 % used.',
    effect: 'read',
    input: z.object({
      names: z
        .array(z.string().max(100).describe('Name of a limit, such as "DailyApiRequests"'))
        .min(1)
        .max(50)
        .optional()
        .describe('Which limits to show, 1 to 50. Absent: see detail'),
      detail: z.enum(['summary', 'full']).optional().describe('"full": every limit of the org. Absent: summary, or by names'),
    }),
    output: z.object({
      limits: z
        .array(
          z.object({
            name: z.string().describe('Name'),
            used: z.number().describe('How much is used'),
            max: z.number().describe('How much there is'),
            usedPercent: z.number().describe('Used part, in percent'),
          }),
        )
        .describe('The most used first'),
      total: z.int().describe('How many limits the org has in all'),
    }),
    run: async ({ names, detail }, client, context) => {
      if (names && detail) throw new ToolError('INVALID_INPUT', 'Give names or detail, not both: names are shown in any case.');
      const all = usedLimits(await client.getLimits(context));
      const unknown = names?.filter((name) => all.every((limit) => limit.name !== name)) ?? [];
      if (unknown.length > 0) context.warn(`The org has no limit named ${unknown.join(', ')}, or allows nothing of it.`);
      const limits = all.filter(({ name, usedPercent }) =>
        names ? names.includes(name) : detail === 'full' || usedPercent >= 80 || watchedLimits.has(name),
      );
      return { limits, total: all.length };
    },
  }),
];
