import { z } from 'zod';
import type { ZendeskClient } from './client.ts';
import { TicketDetails, TicketSummary, viewDetails, viewSummary } from './outputs.ts';
import type { Ticket } from './schemas.ts';

const whole = { ...TicketDetails.shape, ...TicketSummary.shape };
const { id: _, ...choosable } = whole;
type Field = keyof typeof choosable;

/** What a list of tickets can be narrowed to. */
export const listedFields = Object.keys(choosable) as [Field, ...Field[]];

/** A ticket of a list, with as much of it as was asked for. */
export const TicketListed = z.object(whole).partial().required({ id: true });

/** Shows the tickets of a page. `fields` narrows what `detail` gives; the id stays. */
export function viewListed(
  client: ZendeskClient,
  tickets: readonly Ticket[],
  { detail, fields }: { readonly detail: 'summary' | 'full'; readonly fields?: readonly Field[] | undefined },
): z.input<typeof TicketListed>[] {
  const kept = fields && new Set<string>(['id', ...fields]);
  return tickets.map((ticket) => {
    const view = detail === 'full' ? viewDetails(client, ticket) : viewSummary(client, ticket);
    return kept ? { id: ticket.id, ...Object.fromEntries(Object.entries(view).filter(([name]) => kept.has(name))) } : view;
  });
}
