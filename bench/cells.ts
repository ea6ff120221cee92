import type { Era, Size } from './clients/request.ts';
import type { Server } from './servers.ts';

const works = ['call-1k', 'call-64k', 'list'] as const;
const toolCounts = [10, 50, 200] as const;
const connectionCounts = [1, 16, 128] as const;
const ages = ['newest', 'older'] as const;

/** One combination that is measured for every server. */
export interface Cell {
  readonly work: (typeof works)[number];
  readonly tools: (typeof toolCounts)[number];
  readonly connections: (typeof connectionCounts)[number];
  /** `newest`: the newest revision that the server supports. `older`: 2025-11-25, for all servers. */
  readonly age: (typeof ages)[number];
}

/** Returns the name of a cell in results and on the command line: `call-1k:50:16:newest`. */
export const nameOf = ({ work, tools, connections, age }: Cell): string => [work, tools, connections, age].join(':');

const all = works.flatMap((work) =>
  toolCounts.flatMap((tools) => connectionCounts.flatMap((connections) => ages.map((age): Cell => ({ work, tools, connections, age })))),
);

// The published cells vary one parameter at a time, around the first cell.
const published = [
  'call-1k:50:16:newest',
  'call-1k:50:1:newest',
  'call-1k:50:128:newest',
  'call-1k:10:16:newest',
  'call-1k:200:16:newest',
  'call-64k:50:16:newest',
  'call-1k:50:16:older',
  'list:50:16:newest',
  'list:50:1:newest',
  'list:50:128:newest',
  'list:10:16:newest',
  'list:200:16:newest',
  'list:50:16:older',
];
const sets: Readonly<Record<string, readonly string[]>> = {
  quick: ['call-1k:50:16:newest', 'list:50:16:newest'],
  published,
  all: all.map(nameOf),
};

/** Returns the cells of a set, or cells by their names, separated by commas. */
export function cellsOf(wanted: string): readonly Cell[] {
  return (sets[wanted] ?? wanted.split(',')).map((name) => {
    const cell = all.find((each) => nameOf(each) === name);
    if (!cell) throw new Error(`There is no cell ${name}. Name a set, ${Object.keys(sets).join(', ')}, or cells such as ${published[0]}.`);
    return cell;
  });
}

/** Returns the protocol revision of a server's requests in a cell. */
export const eraOf = ({ age }: Cell, { eras }: Server): Era => (age === 'older' ? '2025-11-25' : eras[0]);

/** Returns the size of a call in a cell, or undefined for a list. */
export const sizeOf = ({ work }: Cell): Size | undefined => (work === 'list' ? undefined : work === 'call-1k' ? '1k' : '64k');
