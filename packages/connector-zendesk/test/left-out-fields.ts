/**
 * The fields of Zendesk's answers that the tools leave out, and why, by the schema in `schemas.ts` that reads the others.
 */
export const leftOutFields: Readonly<
  Record<'ticket' | 'comment' | 'attachment' | 'user' | 'organization' | 'ticketField' | 'option' | 'job', Readonly<Record<string, string>>>
> = {
  ticket: {
    ...because('The tools show a link for people instead of an address of the API.', ['url']),
    ...because('Zendesk reads it in a request, and does not return it.', [
      'assignee_email',
      'attribute_value_ids',
      'collaborators',
      'comment',
      'email_ccs',
      'followers',
      'macro_id',
      'macro_ids',
      'metadata',
      'requester',
      'safe_update',
      'updated_stamp',
      'via_followup_source_id',
      'via_id',
      'voice_comment',
    ]),
    ...because('ccIds and followerIds, which replace it, are shown.', ['collaborator_ids']),
    ...because('It is about other products or pages of Zendesk, which no tool shows.', [
      'allow_attachments',
      'allow_channelback',
      'forum_topic_id',
      'from_messaging_channel',
      'generated_timestamp',
      'sharing_agreement_ids',
    ]),
    ...because('The type says that it is a problem, and no tool lists the incidents.', ['has_incidents']),
    ...because('The comments say which of them are public.', ['is_public']),
    ...because('The subject is shown with its placeholders filled.', ['raw_subject']),
    ...because('It is the account’s own address, and no tool works differently for it.', ['recipient']),
  },
  comment: {
    ...because('The plain text is shown, because markup costs a model several times the tokens.', ['html_body']),
    ...because('It is technical data about the change and the program that made it.', ['audit_id', 'metadata']),
    ...because('The ticket shows the channel, and the author is shown.', ['via']),
    ...because('Every comment that the list returns is of the same type.', ['type']),
    ...because('Zendesk reads it in a request, and does not return it.', ['uploads']),
  },
  attachment: {
    ...because('Its address opens the file without a sign-in, so it must not reach a model.', [
      'content_url',
      'mapped_content_url',
      'thumbnails',
    ]),
    ...because('The tools show no files.', [
      'deleted',
      'height',
      'inline',
      'malware_access_override',
      'malware_scan_result',
      'url',
      'width',
    ]),
  },
  user: {
    ...because('The tools show a link for people instead of an address of the API.', ['url']),
    ...because('It is about the rights and settings of an agent, which only an administrator changes.', [
      'chat_only',
      'custom_role_id',
      'moderator',
      'only_private_comments',
      'report_csv',
      'restricted_agent',
      'role_type',
      'shared_agent',
      'signature',
      'ticket_restriction',
      'two_factor_auth_enabled',
    ]),
    ...because('Another field that is shown says the same.', ['iana_time_zone', 'locale_id', 'shared', 'shared_phone_number']),
    ...because('It says nothing that helps with a ticket.', ['alias', 'photo', 'remote_photo_url', 'verified']),
  },
  organization: {
    ...because('The tools show a link for people instead of an address of the API.', ['url']),
    ...because('sharedTickets says what its users see.', ['shared_comments']),
  },
  ticketField: {
    ...because('The tools show no addresses of the API.', ['url']),
    ...because('It is about the forms of Zendesk’s own pages.', [
      'agent_can_edit',
      'agent_description',
      'collapsed_for_agents',
      'editable_in_portal',
      'position',
      'raw_description',
      'raw_title',
      'raw_title_in_portal',
      'required_in_portal',
      'title_in_portal',
      'visible_in_portal',
    ]),
    ...because('It says who defined the field and when, which changes nothing about its use.', [
      'created_at',
      'creator_app_name',
      'creator_user_id',
      'updated_at',
    ]),
    ...because('A refusal by Zendesk names the field.', ['relationship_filter', 'relationship_target_type', 'sub_type_id']),
    ...because('The tickets show the id of their custom status.', ['custom_statuses']),
  },
  option: {
    ...because('Only the name and the value are read and written.', ['id', 'position', 'raw_name', 'url']),
  },
  job: {
    ...because('The tools show no addresses of the API.', ['url']),
  },
};

function because(reason: string, fields: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.map((field) => [field, reason]));
}
