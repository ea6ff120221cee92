/**
 * The fields of SendGrid's answers that the tools leave out, and why, by the schema in `schemas.ts` that reads the others.
 */
export const leftOutFields: Readonly<Record<'template' | 'version' | 'suppression', Readonly<Record<string, string>>>> = {
  template: {},
  version: {
    ...because('The template that the version belongs to is shown.', ['template_id']),
    ...because('It is about SendGrid’s own editor of templates.', ['editor', 'generate_plain_content', 'test_data', 'thumbnail_url']),
  },
  suppression: {
    ...because('It is the address of a machine, and no tool works differently for it.', ['ip']),
  },
};

/** The fields of the Event Webhook that the log does not keep, and why. SendGrid describes them on its pages only. */
export const leftOutOfEvents: Readonly<Record<string, string>> = {
  ...because('It is personal data of the recipient that nothing here needs.', ['ip', 'useragent']),
  ...because('The message id and the event id identify the event.', ['smtp-id']),
  ...because('It says how the mail travelled, which changes nothing for its sender.', ['cert_err', 'tls', 'pool', 'outbound_ip_type']),
  ...because('It is about products of SendGrid for which there are no tools.', [
    'marketing_campaign_id',
    'marketing_campaign_name',
    'marketing_campaign_version',
    'newsletter',
  ]),
  ...because('The template’s id is shown.', ['sg_template_name']),
  ...because('The link that was clicked is shown.', ['url_offset']),
};

function because(reason: string, fields: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.map((field) => [field, reason]));
}
