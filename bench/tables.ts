import { clientBusy, footprint, ratio, type Measured, type Results } from './results.ts';
import { limit, servers } from './servers.ts';

/** Writes the figures as Markdown. */
export function tablesOf(results: Results): string {
  const { machine, node, date, command, rounds, seconds, memory } = results;
  const facts = [
    `Measured on ${date} with \`${command}\`: ${rounds} ${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s for each server in each cell.`,
    `${machine.cpu}, ${machine.cores} cores shared by server, clients and PostgreSQL; ${machine.memoryGb} GB; Linux ${machine.kernel}; Node ${node}.`,
  ];
  return [
    facts.join(' '),
    rounds < 5 ? '**A quick look, with too few rounds to rely on.**' : undefined,
    '![CPU time per request, against a bare server](performance.svg)',
    section('CPU time of the server per request', 'Multiples of the bare server’s figure. Lower is better.', grid(results, 'cpuUs')),
    section(
      'PostgreSQL’s CPU time per request',
      'Multiples of the bare server’s own CPU time, in addition to the table above.',
      grid(results, 'databaseUs'),
    ),
    section('Requests per second', 'Multiples of the bare server’s figure. Higher is better.', grid(results, 'perSecond')),
    section('How busy wrk was', 'The share of the time in which wrk was not asleep.', busyness(results)),
    section('Median latency', 'Multiples of the bare server’s figure. Lower is better.', grid(results, 'p50Ms')),
    section('99th percentile of latency', 'Multiples of the bare server’s figure. Lower is better.', grid(results, 'p99Ms')),
    section(
      'Start and memory',
      `With 50 tools. Loaded: after ${memory.calls.toLocaleString('en')} calls, or ${memory.ms / 1000} s of calls if that is sooner, from 16 clients. Loaded again: after the same load a second time.`,
      footprints(results),
    ),
    failed(results),
    section('Versions', undefined, versions(results), '---'),
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

const section = (title: string, note: string | undefined, rows: readonly (readonly string[])[], align: '--:' | '---' = '--:') =>
  rows.length < 2 ? undefined : [`### ${title}`, note, table(rows, align)].filter((part) => part !== undefined).join('\n\n');

const measuredServers = ({ samples, footprints: sizes }: Results) => {
  const measured = new Set([...samples, ...sizes].map(({ server }) => server));
  return servers.filter(({ id }) => measured.has(id));
};

/** Returns the title of a cell for readers: `call-1k:50:16:newest` is "call 1 KB, 50 tools, 16 clients". */
function title(cell: string): string {
  const [work = '', tools, connections, age] = cell.split(':');
  const what = { 'call-1k': 'call 1 KB', 'call-64k': 'call 64 KB', list: 'list' }[work] ?? work;
  return `${what}, ${tools} tools, ${connections} ${connections === '1' ? 'client' : 'clients'}${age === 'older' ? ', 2025-11-25' : ''}`;
}

function grid(results: Results, measured: Measured): readonly (readonly string[])[] {
  const wanted = measuredServers(results).filter(({ id, database }) => id !== limit.id && (measured !== 'databaseUs' || database));
  const rows = results.cells.map((cell) => [title(cell), ...wanted.map(({ id }) => figure(ratio(results.samples, cell, id, measured)))]);
  return wanted.length === 0 || rows.length === 0 ? [] : [['', ...wanted.map(({ label }) => label)], ...rows];
}

function busyness(results: Results): readonly (readonly string[])[] {
  const { samples, cells } = results;
  const wanted = measuredServers(results);
  const share = (cell: string, id: string) => {
    const busy = clientBusy(samples, cell, id);
    return busy === undefined ? '–' : `${Math.round(busy * 100)} %`;
  };
  const rows = cells.map((cell) => [title(cell), ...wanted.map(({ id }) => share(cell, id))]);
  return samples.some((each) => each.clientBusy !== undefined) ? [['', ...wanted.map(({ label }) => label)], ...rows] : [];
}

function footprints(results: Results): readonly (readonly string[])[] {
  const of = (id: string, what: Parameters<typeof footprint>[2], unit: string) => {
    const value = footprint(results, id, what);
    return value === undefined ? '–' : `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
  };
  const rows = measuredServers(results).map(({ id, label }) => [
    label,
    of(id, 'coldStartMs', 'ms'),
    of(id, 'startMb', 'MB'),
    of(id, 'loadedMb', 'MB'),
    of(id, 'againMb', 'MB'),
    of(id, 'sessionKb', 'KB'),
  ]);
  return results.footprints.length === 0 ? [] : [['', 'cold start', 'at start', 'loaded', 'loaded again', 'an idle session'], ...rows];
}

const failed = ({ failures }: Results) =>
  failures.length === 0
    ? undefined
    : [
        '**Not measured:**',
        ...failures.map(({ server, cell = 'start and memory', message }) => `- ${server}, ${cell}: ${message.split('\n', 1)[0]}`),
      ].join('\n');

const versions = (results: Results) => [
  ['', 'revision', 'packages'],
  ...measuredServers(results).map(({ id, label, eras }) => [label, eras.join(', '), results.servers[id]?.join(', ') || '–']),
];

/** Writes a ratio with two significant digits, which is all the precision that such a measurement has. */
export function figure(value: number | undefined): string {
  if (value === undefined) return '–';
  return value >= 9.95 ? value.toFixed(0) : value >= 0.995 ? value.toFixed(1) : value.toPrecision(2);
}

function table([head = [], ...rows]: readonly (readonly string[])[], align: string): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : align))), ...rows.map(line)].join('\n');
}
