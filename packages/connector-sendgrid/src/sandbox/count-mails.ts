import { mailEvents, type KeptMail } from './mail-events.ts';
import { refusal } from './refusal.ts';

const dayMs = 86_400_000;
const maxDays = 1_000;
const metricNames = [
  'blocks',
  'bounce_drops',
  'bounces',
  'clicks',
  'deferred',
  'delivered',
  'invalid_emails',
  'opens',
  'processed',
  'requests',
  'spam_report_drops',
  'spam_reports',
  'unique_clicks',
  'unique_opens',
  'unsubscribe_drops',
  'unsubscribes',
];

/** Counts all kept e-mails on the current day, and none on the other days of the range. @throws {VendorError} for an invalid range. */
export function countMails(mails: readonly KeptMail[], query: URLSearchParams, nowMs: number, isSuppressed: (email: string) => boolean) {
  const today = formatDate(nowMs);
  const start = readDay(query, 'start_date');
  const end = query.has('end_date') ? readDay(query, 'end_date') : Date.parse(today);
  const by = query.get('aggregated_by') ?? 'day';
  if (!['day', 'week', 'month'].includes(by)) throw refusal(400, 'aggregated_by must be day, week or month', 'aggregated_by');
  if (end < start || (end - start) / dayMs >= maxDays) throw refusal(400, 'The range of dates is not valid', 'end_date');
  const category = query.get('categories');
  const counted = mails.filter(({ mail }) => category === null || mail.categories.includes(category));
  const counts = new Map<string, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { event } of counted.flatMap((mail) => mailEvents(mail, nowMs, isSuppressed) as { event: string }[])) {
    if (event !== 'delivered') count('requests');
    count(event === 'dropped' ? 'bounce_drops' : event);
  }

  const metricsOf = (isToday: boolean) => Object.fromEntries(metricNames.map((name) => [name, isToday ? (counts.get(name) ?? 0) : 0]));
  const days = Array.from({ length: Math.floor((end - start) / dayMs) + 1 }, (_, day) => start + day * dayMs);
  const periods = Map.groupBy(days, (day) => startOfPeriod(day, by));
  return [...periods].map(([date, periodDays]) => ({
    date,
    stats: [
      {
        ...(category !== null && { type: 'category', name: category }),
        metrics: metricsOf(periodDays.some((day) => formatDate(day) === today)),
      },
    ],
  }));
}

const formatDate = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function startOfPeriod(day: number, by: string): string {
  if (by === 'month') return `${formatDate(day).slice(0, 7)}-01`;
  // Weeks begin on Monday.
  return formatDate(by === 'week' ? day - ((new Date(day).getUTCDay() + 6) % 7) * dayMs : day);
}

function readDay(query: URLSearchParams, name: string): number {
  const day = /^\d{4}-\d\d-\d\d$/.test(query.get(name) ?? '') ? Date.parse(query.get(name) ?? '') : Number.NaN;
  if (Number.isNaN(day)) throw refusal(400, `${name} must follow the format YYYY-MM-DD`, name);
  return day;
}
