import { z } from 'zod';

/** Salesforce's own form of a time, `2026-03-01T09:30:00.000+0000`. */
const vendorForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$/;
const vendorFormLength = 28;

/** Writes an offset with a colon, as most readers of ISO 8601 expect: `+0000` becomes `+00:00`. */
export const withColon = (time: string): string => time.replace(/([+-]\d\d)(\d\d)$/, '$1:$2');

/** Reads a time that Salesforce wrote, such as `2026-03-01T09:30:00.000+0000`, or a date. NaN if the text is neither. */
export const parseTime = (text: string): number => Date.parse(withColon(text));

/** Returns a time that Salesforce wrote in the usual form, `2026-03-01T09:30:00.000Z`. Returns any other text unchanged. */
export function isoTime(text: string): string {
  // Most texts have another length, so the pattern is tried on few of them.
  const ms = text.length === vendorFormLength && vendorForm.test(text) ? parseTime(text) : Number.NaN;
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
}

const time = z.iso.datetime({ offset: true });
const date = z.iso.date();
const timeWithoutZone = z.iso.datetime({ local: true });
const example = 'such as "2026-03-01T09:30:00Z"';

const isTime = (text: string): boolean => time.safeParse(withColon(text)).success;

/** Says what is wrong with a text that should be a time with its zone. Undefined if nothing is. */
export function timeProblem(text: string): string | undefined {
  if (isTime(text)) return undefined;
  if (timeWithoutZone.safeParse(text).success) return `The time has no zone: add Z or an offset, ${example}`;
  return `It must be a time with its zone, ${example}`;
}

/** Takes a time with its zone, also in Salesforce's own form, so that a time from an answer can be given back. */
export const timeInput = textOf(timeProblem);

/** Takes a date, or a time as {@link timeInput} does. */
export const dateInput = textOf((text) => {
  if (date.safeParse(text).success) return undefined;
  return text.includes('T') ? timeProblem(text) : `It must be a date such as "2026-03-01", or a time with its zone, ${example}`;
});

function textOf(problem: (text: string) => string | undefined) {
  return z.string().superRefine((text, { addIssue }) => {
    const message = problem(text);
    if (message !== undefined) addIssue({ code: 'custom', message });
  });
}
