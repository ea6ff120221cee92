import type { Write } from '../../../test/lost-answers.ts';
import type { ZendeskSandbox } from '../src/sandbox.ts';

const update = 'PUT /api/v2/tickets/{id}';
// Zendesk allows 30 updates of one ticket in ten minutes, so each kind of write has its own ticket.
const changed = 1;
const commented = 3;
const tagged = 4;
const readAgain = (ticket: number) => `Read ticket ${ticket} with zendesk_get_ticket`;

/** Every write of the connector's tools with its retry class. Zendesk counts a ticket once by its key, but has no key for a comment. */
export const writes: readonly Write<ZendeskSandbox>[] = [
  {
    tool: 'zendesk_create_ticket',
    route: 'POST /api/v2/tickets',
    retry: 'keyed',
    look: 'Look for its subject with zendesk_search_tickets',
    input: () => ({ subject: 'Once', body: 'and only once' }),
  },
  {
    tool: 'zendesk_update_ticket',
    route: update,
    retry: 'never',
    look: `${readAgain(changed)} and update it again only if it is not yet as you want it`,
    input: () => ({ ticketId: changed, priority: 'low' }),
  },
  ...[
    { way: 'as a note', more: () => ({}) },
    { way: 'as a public reply', more: () => ({ public: true }) },
    { way: 'bound to a time', more: ({ tickets }: ZendeskSandbox) => ({ ifUnchangedSince: tickets.get(commented)?.updated_at }) },
  ].map(({ way, more }): Write<ZendeskSandbox> => ({
    tool: 'zendesk_add_comment',
    way,
    route: update,
    retry: 'never',
    look: `${readAgain(commented)} (includeComments true) and add the comment again only if it is not the newest there`,
    input: (sandbox) => ({ ticketId: commented, body: 'Hello', ...more(sandbox) }),
  })),
  ...(['add', 'remove'] as const).flatMap((action): Write<ZendeskSandbox>[] => {
    const common = {
      tool: 'zendesk_apply_tags',
      route: `${action === 'add' ? 'PUT' : 'DELETE'} /api/v2/tickets/{id}/tags`,
      look: `${readAgain(tagged)} and call again only if its tags are not yet as you want them`,
    };
    const input = { ticketId: tagged, tags: ['red'], action };
    return [
      { ...common, way: action, retry: 'safe', input: () => input },
      {
        ...common,
        way: `${action}, bound to a time`,
        retry: 'never',
        input: ({ tickets }) => ({ ...input, ifUnchangedSince: tickets.get(tagged)?.updated_at }),
      },
    ];
  }),
  {
    tool: 'zendesk_create_or_update_user',
    route: 'POST /api/v2/users/create_or_update',
    retry: 'safe',
    look: 'call again with the same values: that makes no second user',
    input: () => ({ email: 'new@example.com', name: 'New' }),
  },
];
