import type { Records } from './records.ts';

/** Adds the built-in fields that the connector sets, and three custom fields, one of which has more choices than fit in a page. */
export function seedFields(records: Records): void {
  const choices = (...values: string[]) => values.map((value) => ({ name: value.charAt(0).toUpperCase() + value.slice(1), value }));
  const builtIn = { removable: false };
  records.addTicketField({ ...builtIn, title: 'Subject', type: 'subject', required: true });
  records.addTicketField({ ...builtIn, title: 'Description', type: 'description', required: true });
  records.addTicketField({ ...builtIn, title: 'Status', type: 'status', system_field_options: choices('open', 'pending', 'solved') });
  records.addTicketField({
    ...builtIn,
    title: 'Priority',
    type: 'priority',
    system_field_options: choices('low', 'normal', 'high', 'urgent'),
  });
  const models = Array.from({ length: 120 }, (_, index) => ({ name: `Model ${index + 1}`, value: `model_${index + 1}` }));
  records.addTicketField({
    title: 'Model',
    type: 'tagger',
    description: 'The machine that the ticket is about',
    custom_field_options: models.map((model) => ({ id: records.nextId(), raw_name: model.name, ...model })),
  });
  records.addTicketField({ title: 'Order number', type: 'regexp', regexp_for_validation: String.raw`\A\d{6}\z` });
  records.addTicketField({ title: 'Call back', type: 'checkbox', tag: 'call_back', active: false });
}
