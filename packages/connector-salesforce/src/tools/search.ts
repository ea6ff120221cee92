import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SalesforceClient } from '../client.ts';
import { plainRecords } from '../plain-record.ts';
import { sosl } from '../sosl.ts';
import { fieldPath, objectName } from './record-inputs.ts';

export const searchTools = (tool: ToolBuilder<SalesforceClient>) => [
  tool({
    name: 'salesforce_search_records',
    description:
      'Finds Salesforce records by words, across several objects at once, by the full-text index. Use it where you do not know which field holds the words; for exact conditions use salesforce_query_records. New records may take some minutes to be found.',
    effect: 'read',
    input: z.object({
      text: z
        .string()
        .trim()
        .min(2)
        .max(200)
        .regex(/[\p{L}\p{N}]/u, 'At least one letter or digit')
        .describe('Words that must occur, 2 to 200 characters, taken as they are: no operators, no wildcards'),
      scope: z.enum(['all', 'name', 'email', 'phone']).default('all').describe('Which fields to look in. Default: all'),
      objects: z
        .array(
          z.object({
            name: objectName,
            fields: z.array(fieldPath).max(30).optional().describe('Fields to show besides Id, at most 30. Absent: Id alone'),
          }),
        )
        .min(1)
        .max(10)
        .describe('Where to look, 1 to 10 objects'),
      limit: z.int().min(1).max(50).default(20).describe('Most records of each object, 1 to 50. Default: 20'),
    }),
    output: z.object({
      records: z
        .array(
          z.object({
            object: z.string().optional().describe('API name of its object'),
            fields: z.record(z.string(), z.unknown()).describe('Its fields'),
          }),
        )
        .describe('What was found, best first within each object'),
    }),
    run: async ({ text, scope, objects, limit }, client, context) => {
      const { searchRecords } = await client.search(
        sosl({
          text,
          scope: ({ all: 'ALL', name: 'NAME', email: 'EMAIL', phone: 'PHONE' } as const)[scope],
          objects: objects.map(({ name, fields = [] }) => ({ name, fields: [...new Set(['Id', ...fields])] })),
          // One record more shows that there are more.
          limit: limit + 1,
        }),
        context,
      );
      const counts = new Map<string, number>();
      const records = (searchRecords ?? []).filter(({ attributes }) => {
        const object = attributes?.type ?? '';
        const count = (counts.get(object) ?? 0) + 1;
        counts.set(object, count);
        return count <= limit;
      });
      for (const [object, count] of counts)
        if (count > limit) context.warn(`More records of ${object} were found than are shown. Raise limit, or search for more words.`);
      return {
        records: plainRecords(records, context).map((fields, index) => {
          const object = records[index]?.attributes?.type;
          return { ...(object && { object }), fields };
        }),
      };
    },
  }),
];
