import { ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { UserView, viewUser } from '../outputs.ts';
import type { User } from '../schemas.ts';

export const userTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_get_user',
    description:
      'Reads one Zendesk user, end user or agent, by id or by e-mail address: name, role, organization, contact, tags and notes. Use it to learn who a requester is, or to find the id of an agent. For a person’s tickets use zendesk_search_tickets with requester.',
    effect: 'read',
    input: z
      .object({
        userId: z.int().optional().describe('User id. Absent: the user is found by email'),
        email: z.email().optional().describe('E-mail address, a main or a further one of the user. Absent: the user is read by userId'),
      })
      .refine(({ userId, email }) => (userId === undefined) !== (email === undefined), 'Give userId or email, one of the two'),
    output: UserView,
    run: async ({ userId, email = '' }, client, context) => {
      if (userId !== undefined) return viewUser(client, { ...(await client.getUser(context, userId)), id: userId });
      const users = (await client.findUsers(context, email)).filter((user): user is User & { id: number } => typeof user.id === 'number');
      const own = users.filter((user) => user.email?.toLowerCase() === email.toLowerCase());
      const [user, ...others] = own.length > 0 ? own : users;
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
      if (own.length === 0)
        context.warn(
          `${email} is not the main address of this user, or Zendesk found a similar one. Check that it is the person you mean.`,
        );
      return viewUser(client, user);
    },
  }),
];
