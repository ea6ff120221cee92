const dayMs = 86_400_000;

type Unit = 'DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'YEAR';
/** The first and the last unit of a span, counted from the current one, which is 0. */
type Span = readonly [unit: Unit, first: (n: number) => number, last: (n: number) => number];

const fixed = (unit: Unit, first: number, last = first): Span => [unit, () => first, () => last];

/** The date literals, by name. Those with a number reach that many units back or ahead. The fiscal ones are left out. */
const spans: Readonly<Record<string, Span>> = {
  YESTERDAY: fixed('DAY', -1),
  TODAY: fixed('DAY', 0),
  TOMORROW: fixed('DAY', 1),
  LAST_90_DAYS: fixed('DAY', -90, 0),
  NEXT_90_DAYS: fixed('DAY', 1, 90),
  // Unlike the other units, the last days include today.
  LAST_N_DAYS: ['DAY', (n) => -n, () => 0],
  NEXT_N_DAYS: ['DAY', () => 1, (n) => n],
  N_DAYS_AGO: ['DAY', (n) => -n, (n) => -n],
  ...Object.fromEntries(
    (['WEEK', 'MONTH', 'QUARTER', 'YEAR'] as const).flatMap((unit): [string, Span][] => [
      [`LAST_${unit}`, fixed(unit, -1)],
      [`THIS_${unit}`, fixed(unit, 0)],
      [`NEXT_${unit}`, fixed(unit, 1)],
      [`LAST_N_${unit}S`, [unit, (n) => -n, () => -1]],
      [`NEXT_N_${unit}S`, [unit, () => 1, (n) => n]],
      [`N_${unit}S_AGO`, [unit, (n) => -n, (n) => -n]],
    ]),
  ),
};

/** The names of the date literals. */
export const rangeNames: ReadonlySet<string> = new Set(Object.keys(spans));

/** Returns the time span of a date literal, without its end, in UTC. */
export function spanOfRange(name: string, n: number, now: number): [from: number, to: number] {
  const [unit, first, last] = spans[name] ?? fixed('DAY', 0);
  return [startOf(unit, first(n), now), startOf(unit, last(n) + 1, now)];
}

/** Returns the start of the unit that is `offset` units after the current one. Weeks begin on Sunday. */
function startOf(unit: Unit, offset: number, now: number): number {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  if (unit === 'YEAR') return Date.UTC(year + offset, 0);
  if (unit === 'MONTH') return Date.UTC(year, month + offset);
  if (unit === 'QUARTER') return Date.UTC(year, month - (month % 3) + offset * 3);
  const today = now - (now % dayMs);
  return unit === 'WEEK' ? today - date.getUTCDay() * dayMs + offset * 7 * dayMs : today + offset * dayMs;
}
