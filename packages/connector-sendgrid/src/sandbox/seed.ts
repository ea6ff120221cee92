import type { SuppressionList } from '../client.ts';

/** A template as SendGrid's API returns it. */
export interface TemplateRecord {
  readonly id: string;
  readonly name: string;
  readonly generation: 'legacy' | 'dynamic';
  readonly updated_at: string;
  readonly versions: readonly {
    readonly id: string;
    readonly template_id: string;
    readonly active: 0 | 1;
    readonly name: string;
    readonly subject: string;
    readonly updated_at: string;
    readonly editor: 'code' | 'design';
    readonly generate_plain_content: boolean;
    readonly html_content: string;
    readonly plain_content: string;
  }[];
}

/** An address on a suppression list as SendGrid's API returns it. */
export interface SuppressionRecord {
  readonly email: string;
  readonly created: number;
  readonly reason?: string;
  readonly status?: string;
  readonly ip?: string;
}

function template(id: string, name: string, generation: TemplateRecord['generation'], subject: string, plain: string): TemplateRecord {
  const updated_at = '2026-03-02 09:30:00';
  const version = { template_id: id, updated_at, editor: 'code', generate_plain_content: true } as const;
  const html = `<p>${plain}</p>`;
  return {
    id,
    name,
    generation,
    updated_at,
    versions: [
      {
        ...version,
        id: `${id.slice(-12)}-1`,
        active: 0,
        name: 'first',
        subject: 'Draft',
        html_content: '<p>Draft</p>',
        plain_content: 'Draft',
      },
      { ...version, id: `${id.slice(-12)}-2`, active: 1, name: 'second', subject, html_content: html, plain_content: plain },
    ],
  };
}

/** The records that the sandbox's account starts with. */
export function seed(nowMs: number): {
  readonly templates: readonly TemplateRecord[];
  readonly suppressions: Readonly<Record<SuppressionList, readonly SuppressionRecord[]>>;
} {
  const daysAgo = (days: number): number => Math.floor(nowMs / 1_000) - days * 86_400;
  return {
    templates: [
      template('d-1f0a6c3b2e4d4f5a8b7c9d0e1f2a3b4c', 'Welcome', 'dynamic', 'Welcome, {{name}}', 'Hello {{name}}, your plan is {{plan}}.'),
      template(
        'd-2f0a6c3b2e4d4f5a8b7c9d0e1f2a3b4c',
        'Receipt',
        'dynamic',
        'Receipt {{number}}',
        'You paid {{amount}}. {{#if vip}}Thank you!{{/if}}',
      ),
      template('3f0a6c3b-2e4d-4f5a-8b7c-9d0e1f2a3b4c', 'Old newsletter', 'legacy', 'News', '-name-, here is our news.'),
    ],
    suppressions: {
      bounces: [
        { email: 'gone@example.org', created: daysAgo(9), reason: '550 5.1.1 The e-mail account does not exist.', status: '5.1.1' },
        { email: 'closed@example.org', created: daysAgo(2), reason: '550 5.2.1 The mailbox is disabled.', status: '5.2.1' },
      ],
      blocks: [{ email: 'full@example.org', created: daysAgo(1), reason: '452 4.2.2 The mailbox is full.', status: '4.2.2' }],
      invalid_emails: [
        { email: 'unknown@nowhere.invalid', created: daysAgo(5), reason: 'Mail domain mentioned in email address is unknown' },
      ],
      spam_reports: [{ email: 'annoyed@example.net', created: daysAgo(3), ip: '198.51.100.7' }],
      unsubscribes: [{ email: 'left@example.net', created: daysAgo(4) }],
    },
  };
}
