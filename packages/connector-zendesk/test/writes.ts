import type { VendorWrite } from '@busbar/core/testing';
import type { ZendeskSandbox } from '../src/sandbox.ts';

const update = 'PUT /api/v2/tickets/{id}';
// Zendesk allows 30 updates of one ticket in ten minutes, so each kind of write has its own ticket.
const changed = 1;
const commented = 3;
const tagged = 4;
const readAgain = (ticket: number) => `Read ticket ${ticket} with zendesk_get_ticket`;

/** Every write of the connector's tools with its retry class. Zendesk counts a ticket once by its key, but has no key for a comment. */
export const writes: readonly VendorWrite<ZendeskSandbox>[] = [
  {
    tool: 'zendesk_create_ticket',
    route: 'POST /api/v2/tickets',
    retry: 'keyed',
    ifLost: 'Look for its subject with zendesk_search_tickets',
    input: () => ({ subject: 'Once', body: 'and only once' }),
  },
  {
    tool: 'zendesk_update_ticket',
    route: update,
    retry: 'never',
    ifLost: `${readAgain(changed)} and update it again only if it is not yet as you want it`,
    input: () => ({ ticketId: changed, priority: 'low' }),
  },
  ...[
    { variant: 'as a note', more: () => ({}) },
    { variant: 'as a public reply', more: () => ({ public: true }) },
    { variant: 'bound to a time', more: ({ tickets }: ZendeskSandbox) => ({ ifUnchangedSince: tickets.get(commented)?.updated_at }) },
  ].map(({ variant, more }): VendorWrite<ZendeskSandbox> => ({
    tool: 'zendesk_add_comment',
    variant,
    route: update,
    retry: 'never',
    ifLost: `${readAgain(commented)} (includeComments true) and add the comment again only if it is not the newest there`,
    input: (sandbox) => ({ ticketId: commented, body: 'Hello', ...more(sandbox) }),
  })),
  ...(['add', 'remove'] as const).flatMap((action): VendorWrite<ZendeskSandbox>[] => {
    const common = {
      tool: 'zendesk_apply_tags',
      route: `${action === 'add' ? 'PUT' : 'DELETE'} /api/v2/tickets/{id}/tags`,
      ifLost: `${readAgain(tagged)} and call again only if its tags are not yet as you want them`,
    };
    const input = { ticketId: tagged, tags: ['red'], action };
    return [
      { ...common, variant: action, retry: 'safe', input: () => input },
      {
        ...common,
        variant: `${action}, bound to a time`,
        retry: 'never',
        input: ({ tickets }) => ({ ...input, ifUnchangedSince: tickets.get(tagged)?.updated_at }),
      },
    ];
  }),
  {
    tool: 'zendesk_create_or_update_user',
    route: 'POST /api/v2/users/create_or_update',
    retry: 'safe',
    ifLost: 'call again with the same values: that makes no second user',
    input: () => ({ email: 'new@example.com', name: 'New' }),
  },
];
