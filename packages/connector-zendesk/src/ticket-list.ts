import { z } from 'zod';
import type { ZendeskClient } from './client.ts';
import { references, TicketDetails, TicketSummary, viewDetails, viewSummary } from './outputs.ts';
import type { Ticket } from './schemas.ts';

const allFields = { ...TicketDetails.shape, ...TicketSummary.shape };
type Field = Exclude<keyof typeof allFields, 'id' | keyof typeof references>;

/** The fields that a list of tickets can be narrowed to. Their names cost tokens, so the others come with the full detail only. */
export const ticketListFields = Object.keys(allFields).filter((name) => name !== 'id' && !(name in references)) as [Field, ...Field[]];

/** A ticket in a list, with the fields that the caller selects. */
export const ListedTicket = z.object(allFields).partial().required({ id: true });

/** Says which of the fields a detail does not have. Undefined if it has all. */
export function missingFields(fields: readonly Field[] = [], detail: 'summary' | 'full'): string | undefined {
  const shape = detail === 'full' ? TicketDetails.shape : TicketSummary.shape;
  const missing = fields.filter((name) => !(name in shape));
  return missing.length === 0 ? undefined : `${missing.join(', ')}: only with detail "${detail === 'full' ? 'summary' : 'full'}"`;
}

/** Returns the tickets of a page. `fields` narrows the fields that `detail` gives. The id is always included. */
export function viewTicketList(
  client: ZendeskClient,
  tickets: readonly Ticket[],
  { detail, fields }: { readonly detail: 'summary' | 'full'; readonly fields?: readonly Field[] | undefined },
): z.input<typeof ListedTicket>[] {
  const kept = fields && new Set<string>(['id', ...fields]);
  return tickets.map((ticket) => {
    const view = detail === 'full' ? viewDetails(client, ticket) : viewSummary(client, ticket);
    return kept ? { id: ticket.id, ...Object.fromEntries(Object.entries(view).filter(([name]) => kept.has(name))) } : view;
  });
}
