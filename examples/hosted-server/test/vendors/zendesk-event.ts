/** The body of a Zendesk delivery: the status of a ticket has changed. */
export const zendeskEvent = (id: string, time: string) => ({
  id,
  type: 'zen:event-type:ticket.status_changed',
  subject: 'zen:ticket:1',
  time,
  zendesk_event_version: '2022-11-06',
  account_id: 1,
  detail: { id: '1' },
  event: { current: 'OPEN', previous: 'NEW' },
});
