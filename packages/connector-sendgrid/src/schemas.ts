import { z } from 'zod';

// SendGrid's answers, with the fields that the tools use. Nearly every field may be null or absent, although SendGrid's API description
// says otherwise.

const text = z.string().nullish();

export const TemplateVersion = z.looseObject({
  id: text,
  name: text,
  subject: text,
  active: z.union([z.number(), z.boolean()]).nullish(),
  updated_at: text,
  html_content: text,
  plain_content: text,
  warnings: z.array(z.looseObject({ message: text })).nullish(),
});
export type TemplateVersion = z.output<typeof TemplateVersion>;

export const TemplateAnswer = z.looseObject({
  id: z.string(),
  name: text,
  generation: text,
  updated_at: text,
  versions: z.array(TemplateVersion).nullish(),
  warning: z.looseObject({ message: text }).nullish(),
});
export type Template = z.output<typeof TemplateAnswer>;

/** `_metadata.next` is a full URL, of which the client uses only the token. */
export const TemplatesAnswer = z.looseObject({
  result: z.array(TemplateAnswer).nullish(),
  _metadata: z.looseObject({ next: text }).nullish(),
});

// The first and the last second that a date can hold are so far from 1970.
const maxSeconds = 8.64e12;

export const Suppression = z.looseObject({
  email: z.string(),
  created: z.number().min(-maxSeconds).max(maxSeconds).nullish(),
  reason: text,
  status: text,
});
export const SuppressionsAnswer = z.array(Suppression);
/** Without the address, it is on no such list. */
export const GlobalSuppressionAnswer = z.looseObject({ recipient_email: text });
export type Suppression = z.output<typeof Suppression>;

export const StatsAnswer = z.array(
  z.looseObject({
    date: z.string(),
    stats: z.array(z.looseObject({ name: text, type: text, metrics: z.record(z.string(), z.unknown()).nullish() })).nullish(),
  }),
);

export const ScopesAnswer = z.looseObject({ scopes: z.array(z.string()) });
