import { omitNullish, truncate, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SendGridClient } from '../client.ts';
import type { Template, TemplateVersion } from '../schemas.ts';
import { takesData, templateId } from './mail-inputs.ts';

const maxText = 20_000;
const maxVersions = 20;
const maxPlaceholders = 100;

const VersionView = z.object({
  id: z.string().optional().describe('Version id'),
  name: z.string().optional().describe('Name'),
  subject: z.string().optional().describe('Subject, which may contain placeholders'),
  active: z.boolean().describe('Whether this version is sent'),
  updatedAt: z.string().optional().describe('When it last changed'),
});

const templateSummary = {
  id: z.string().describe('Template id'),
  name: z.string().optional().describe('Name'),
  generation: z.string().optional().describe('dynamic, or legacy, which takes no data'),
  updatedAt: z.string().optional().describe('When it last changed'),
};

/** Adds the zone to a time of SendGrid, which is in UTC: `2026-03-02 09:30:00`. Leaves any other text unchanged. */
const toIso = (time: string | null | undefined): string | undefined =>
  time?.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/, '$1T$2Z') || undefined;

const viewTemplate = ({ id, name, generation, updated_at }: Template) => ({
  id,
  ...omitNullish({ name, generation, updatedAt: toIso(updated_at) }),
});

const isActive = ({ active }: TemplateVersion): boolean => active === true || active === 1;

const viewVersion = (version: TemplateVersion): z.input<typeof VersionView> => ({
  active: isActive(version),
  ...omitNullish({ id: version.id, name: version.name, subject: version.subject, updatedAt: toIso(version.updated_at) }),
});

/** Returns the Handlebars expressions of a version, without duplicates. */
function findPlaceholders({ subject, html_content, plain_content }: TemplateVersion): string[] {
  const all = [subject, html_content, plain_content].flatMap((text) => (text ?? '').match(/\{\{\{?[^{}]{1,200}\}?\}\}/g) ?? []);
  return [...new Set(all)].slice(0, maxPlaceholders);
}

const cut = (text: string | null | undefined) => truncate(text || undefined, maxText);

const Position = z.object({ generations: z.string(), size: z.int().min(1).max(200), token: z.string().optional() });

export const templateTools = (tool: ToolBuilder<SendGridClient>) => [
  tool({
    name: 'sendgrid_list_templates',
    description:
      'Lists the SendGrid account’s e-mail templates with their ids, names and active subjects, a page at a time. Read one with sendgrid_get_template; send with sendgrid_send_template_email.',
    effect: 'read',
    input: z.object({
      generation: z
        .enum(['dynamic', 'legacy', 'all'])
        .optional()
        .describe('"dynamic" templates are filled with data; "legacy" ones are the older kind. Default: dynamic'),
      limit: z.int().min(1).max(200).optional().describe('Templates in a page, 1 to 200. Default: 50'),
      cursor: z.string().optional().describe('nextCursor of an earlier answer, for its next page. Absent: the first page'),
    }),
    output: z.object({
      templates: z
        .array(z.object({ ...templateSummary, active: VersionView.optional().describe('The version that is sent') }))
        .describe('The page'),
      nextCursor: z.string().optional().describe('Pass it as cursor for the next page; absent on the last one'),
    }),
    run: async ({ generation, limit, cursor }, client, context) => {
      const generations = generation === 'all' ? 'legacy,dynamic' : generation;
      const first = { generations: generations ?? 'dynamic', size: limit ?? 50 };
      const position: z.output<typeof Position> =
        cursor === undefined ? first : context.cursor.read(cursor, Position, { generations, size: limit });
      const { templates, next } = await client.listTemplates(position, context);
      return {
        templates: templates.map((template) => {
          const active = template.versions?.find(isActive);
          return { ...viewTemplate(template), ...(active && { active: viewVersion(active) }) };
        }),
        ...(next && { nextCursor: context.cursor.write({ ...position, token: next }) }),
      };
    },
  }),

  tool({
    name: 'sendgrid_get_template',
    description:
      'Reads one SendGrid template: its versions and the placeholders that data fills; with detail "full" also the text and HTML of the active version.',
    effect: 'read',
    input: z.object({
      templateId,
      detail: z.enum(['summary', 'full']).default('summary').describe('"full" adds text and HTML. Default: summary'),
    }),
    output: z.object({
      ...templateSummary,
      versions: z.array(VersionView).describe(`Versions, the active one first, at most ${maxVersions}`),
      placeholders: z
        .array(z.string())
        .describe(
          `Placeholders of the active version, as written there, at most ${maxPlaceholders}; a legacy template’s tags are not among them`,
        ),
      text: z.string().optional().describe(`Plain text of the active version, cut after ${maxText} characters`),
      html: z.string().optional().describe(`HTML of the active version, cut after ${maxText} characters`),
    }),
    run: async (input, client, context) => {
      const found = await client.getTemplate(input.templateId, context);
      const versions = (found.versions ?? []).toSorted((a, b) => Number(isActive(b)) - Number(isActive(a)));
      const active = versions.find(isActive);
      if (!takesData(found.id))
        context.warn('This is a legacy template: data cannot fill it here. Its tags, such as -name- or <%body%>, are sent as they are.');
      for (const { message } of active?.warnings ?? []) if (message) context.warn(`SendGrid warns about the active version: ${message}`);
      if (found.warning?.message) context.warn(`SendGrid warns: ${found.warning.message}`);
      return {
        ...viewTemplate(found),
        versions: versions.slice(0, maxVersions).map(viewVersion),
        placeholders: active ? findPlaceholders(active) : [],
        ...(input.detail === 'full' && omitNullish({ text: cut(active?.plain_content), html: cut(active?.html_content) })),
      };
    },
  }),
];
