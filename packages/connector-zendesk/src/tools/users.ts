import { emailAddress, readEmailAddress, ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { UserView, viewUser } from '../outputs.ts';
import type { User } from '../schemas.ts';
import { warnOfUnkeptValues } from '../unkept-values.ts';
import { tags } from './ticket-inputs.ts';

const text = (max: number, description: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .optional()
    .describe(`${description}, 1 to ${max.toLocaleString('en')} characters. Absent: unchanged`);

const whyUnkept =
  'Zendesk adds a new phone number or address of a user beside the main one, which a person changes in Zendesk, and drops tags if the account has none for users.';

export const userTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_get_user',
    description:
      'Reads one Zendesk user, end user or agent, by id or by e-mail address: name, role, organization, contact, tags and notes. Use it to find out who a requester is, or to find the id of an agent. For a person’s tickets use zendesk_search_tickets with requester.',
    effect: 'read',
    input: z
      .object({
        userId: z.int().optional().describe('User id. Absent: the user is found by email'),
        email: emailAddress().optional().describe('The user’s main or a further e-mail address. Absent: the user is read by userId'),
      })
      .refine(({ userId, email }) => (userId === undefined) !== (email === undefined), 'Give either userId or email'),
    output: UserView,
    run: async ({ userId, email = '' }, client, context) => {
      if (userId !== undefined) return viewUser(client, { ...(await client.getUser(userId, context)), id: userId });
      const users = (await client.findUsers(email, context)).filter((user): user is User & { id: number } => typeof user.id === 'number');
      const mainMatches = users.filter((user) => readEmailAddress(user.email ?? '')?.toLowerCase() === email.toLowerCase());
      const [user, ...others] = mainMatches.length > 0 ? mainMatches : users;
      if (!user) {
        throw new ToolError(
          'NOT_FOUND',
          'No Zendesk user has this e-mail address. Check it; a user created in the last minutes may not be found yet.',
        );
      }
      if (others.length > 0) {
        const ids = [user, ...others].slice(0, 5).map(({ id, name }) => `${id} (${name ?? 'no name'})`);
        throw new ToolError(
          'INVALID_INPUT',
          `Several users fit this address: ${ids.join(', ')}. Call again with the userId that you mean.`,
        );
      }
      if (mainMatches.length === 0)
        context.warn(
          `${email} is not the main address of this user, or Zendesk found a similar one. Check that it is the person you mean.`,
        );
      return viewUser(client, user);
    },
  }),

  tool({
    name: 'zendesk_create_or_update_user',
    description:
      'Makes sure that a Zendesk user exists and has the values you give: finds the user by e-mail address or external id and changes those values, or creates an end user, and returns the user. A second call makes no second user. It cannot change a role. Look with zendesk_get_user first if you might overwrite what someone wrote.',
    effect: 'write',
    idempotent: true,
    input: z
      .object({
        email: emailAddress()
          .optional()
          .describe(
            'E-mail address that the user has or gets; a user found by externalId gets it as a further one. Absent: the user is found by externalId',
          ),
        externalId: z
          .string()
          .trim()
          .min(1)
          .max(255)
          .optional()
          .describe('Id in another system that the user has or gets, 1 to 255 characters. Absent: the user is found by email'),
        name: text(255, 'Name; a new user needs one'),
        phone: text(50, 'Phone number; Zendesk may add it beside the main one'),
        organizationId: z.int().optional().describe('Organization to add the user to. Absent: unchanged'),
        details: text(2_000, 'Details for agents, such as an address; replaces the present text'),
        notes: text(2_000, 'Notes that only agents see; replaces the present text'),
        tags: tags('Replaces the tags. Absent: unchanged'),
        sendVerification: z
          .boolean()
          .default(false)
          .describe('True: Zendesk e-mails a new user a link to verify the address. Default: false'),
      })
      .refine(({ email, externalId }) => email !== undefined || externalId !== undefined, 'Give email or externalId, to find the user by')
      .refine(({ email, sendVerification }) => email !== undefined || !sendVerification, {
        path: ['sendVerification'],
        message: 'needs email, the address to verify. Give email with it, or leave it out',
      }),
    output: UserView,
    run: async ({ externalId, organizationId, sendVerification, ...input }, client, context) => {
      const fields = {
        ...input,
        external_id: externalId,
        organization_id: organizationId,
        ...(!sendVerification && { skip_verify_email: true }),
      };
      const user = await client.createOrUpdateUser(fields, context);
      if (typeof user.id !== 'number')
        throw new ToolError('UPSTREAM_INVALID', 'Zendesk wrote the user but did not return its id. Read the user with zendesk_get_user.');
      warnOfUnkeptValues({ ...fields, skip_verify_email: undefined }, user, whyUnkept, context);
      return viewUser(client, { ...user, id: user.id });
    },
  }),
];
