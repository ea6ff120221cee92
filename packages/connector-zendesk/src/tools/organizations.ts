import { omitNullish, ToolError, truncate, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { customFields, viewFields } from '../outputs.ts';
import type { Organization } from '../schemas.ts';

const OrganizationView = z.object({
  id: z.int().describe('Organization id'),
  url: z.string().describe('Link for people to open the organization'),
  name: z.string().optional().describe('Name'),
  domains: z.array(z.string()).describe('E-mail domains whose users are put into it, at most 100'),
  tags: z.array(z.string()).describe('Tags, at most 100'),
  details: z.string().optional().describe('Details that agents recorded about it, such as an address'),
  notes: z.string().optional().describe('Agents’ notes, which its users must not see'),
  groupId: z.int().optional().describe('Group that gets its new tickets'),
  externalId: z.string().optional().describe('Id in another system'),
  customFields,
  sharedTickets: z.boolean().describe('True: its users see each other’s tickets'),
  createdAt: z.string().optional().describe('When it was created'),
  updatedAt: z.string().optional().describe('When it last changed'),
});

export const organizationTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_get_organization',
    description:
      'Reads one Zendesk organization, the company of users, by its id or its exact name: domains, tags, details and notes. For its tickets use zendesk_search_tickets with organization.',
    effect: 'read',
    input: z
      .object({
        organizationId: z.int().optional().describe('Organization id. Absent: it is found by name'),
        name: z
          .string()
          .trim()
          .min(1)
          .max(255)
          .optional()
          .describe('Its whole name, 1 to 255 characters. Absent: it is read by organizationId'),
      })
      .refine(({ organizationId, name }) => (organizationId === undefined) !== (name === undefined), 'Give either organizationId or name'),
    output: OrganizationView,
    run: async ({ organizationId, name = '' }, client, context) => {
      if (organizationId !== undefined) return view(client, await client.getOrganization(organizationId, context));
      const [organization, ...others] = await client.findOrganizations(name, context);
      if (!organization)
        throw new ToolError(
          'NOT_FOUND',
          'No Zendesk organization has exactly this name. Check it, or read a user of it with zendesk_get_user and take its organizationId.',
        );
      if (others.length > 0)
        throw new ToolError(
          'INVALID_INPUT',
          `Several organizations have this name: ${listIds([organization, ...others])}. Call again with the organizationId that you mean.`,
        );
      return view(client, organization);
    },
  }),
];

const listIds = (organizations: readonly Organization[]): string =>
  organizations
    .slice(0, 5)
    .map(({ id, name }) => `${id} (${name ?? 'no name'})`)
    .join(', ');

function view(client: ZendeskClient, organization: Organization): z.input<typeof OrganizationView> {
  return {
    id: organization.id,
    url: client.organizationUrl(organization.id),
    domains: (organization.domain_names ?? []).slice(0, 100),
    tags: (organization.tags ?? []).slice(0, 100),
    customFields: viewFields(organization.organization_fields),
    sharedTickets: organization.shared_tickets ?? false,
    ...omitNullish({
      name: organization.name,
      details: truncate(organization.details, 2_000),
      notes: truncate(organization.notes, 2_000),
      groupId: organization.group_id,
      externalId: organization.external_id,
      createdAt: organization.created_at,
      updatedAt: organization.updated_at,
    }),
  };
}
