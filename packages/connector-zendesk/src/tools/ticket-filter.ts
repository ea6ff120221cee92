import { z } from 'zod';
import { quote } from '../search-query.ts';

const isDate = (value: string): boolean => z.union([z.iso.date(), z.iso.datetime({ offset: true })]).safeParse(value).success;
/** Quotes and backslashes mean nothing in a search, and a condition of nothing else would find every ticket. Empty counts as absent. */
const hasWords = (value: string): boolean => value === '' || quote(value) !== '""';
const noWords = 'Give words or a number: quotes and backslashes alone find nothing';
// In a JSON Schema the two formats would cost a model more tokens than this sentence.
const date = z.string().refine(isDate, 'Give a date such as 2026-03-01, or a time such as 2026-03-01T09:30:00Z').optional();
// A cursor contains the query, and a cursor is at most 8 KiB long.
const person = z.string().trim().max(150).refine(hasWords, noWords).optional();

/** The conditions for finding and counting tickets. All of them must hold. */
export const ticketFilter = {
  text: z
    .string()
    .trim()
    .max(300)
    .refine(hasWords, noWords)
    .optional()
    .describe('Words in subject, description or comments, at most 300 characters. Absent: any'),
  requester: person.describe(
    'The person who asked: e-mail address, full name, user id, or "me" for the connection’s user; at most 150 characters. Absent: anyone',
  ),
  assignee: person.describe(
    'The agent who works on it: as requester, or "none" for unassigned tickets. At most 150 characters. Absent: any or none',
  ),
  organization: person.describe('Organization name or id, at most 150 characters. Absent: any or none'),
  status: z
    .array(z.enum(['new', 'open', 'pending', 'hold', 'solved', 'closed']))
    .max(6)
    .optional()
    .describe('At most 6. Unfinished are new, open, pending and hold. Absent: all'),
  priority: z
    .array(z.enum(['low', 'normal', 'high', 'urgent']))
    .max(4)
    .optional()
    .describe('At most 4. Absent: all, and tickets without one'),
  tag: z
    .string()
    .trim()
    .max(100)
    .refine(hasWords, noWords)
    .optional()
    .describe('A tag that it has, at most 100 characters. Absent: any or none'),
  createdAfter: date.describe('Created on or after this date (2026-03-01) or time (2026-03-01T09:30:00Z). Absent: any time'),
  createdBefore: date.describe('Created before it. Absent: any time'),
  updatedAfter: date.describe('Last changed on or after it. Absent: any time'),
  updatedBefore: date.describe('Last changed before it. Absent: any time'),
};
