import type { Era } from './clients/request.ts';

/** A server that can be measured. */
export interface Server {
  /** The program is `servers/<id>.ts`. */
  readonly id: string;
  readonly label: string;
  /** The packages that it uses, for the versions in the table. */
  readonly packages: readonly string[];
  /** The supported revisions, newest first. */
  readonly eras: readonly [Era, ...Era[]];
  /** Whether clients of revision 2025-11-25 open a session with it. */
  readonly sessions: boolean;
  /** Whether it needs PostgreSQL. The CPU time of PostgreSQL is then measured too. */
  readonly database?: boolean;
  /** Whether it runs as one file, like the deployed hosted server: see docs/performance.md. */
  readonly bundled?: boolean;
  /** Flags for Node that its documentation recommends. */
  readonly flags?: readonly string[];
  /** The reason why it accepts invalid arguments. Absent: it must refuse them. */
  readonly unchecked?: string;
}

const both = ['2026-07-28', '2025-11-25'] as const;
const older = ['2025-11-25'] as const;

/** The reference for all other servers. */
export const limit: Server = {
  id: 'bare',
  label: 'bare node:http',
  packages: [],
  eras: both,
  sessions: false,
  unchecked: 'It is the limit: it only reads the body and answers.',
};

// The same flags as in `npm start` of the examples: see docs/performance.md.
const flags = ['--max-semi-space-size=16', '--no-parallel-scavenge'];

/** In the order of the tables. */
export const servers: readonly Server[] = [
  limit,
  { id: 'busbar', label: 'Busbar', packages: ['@busbar/core'], eras: both, sessions: false, flags },
  {
    id: 'busbar-everything',
    label: 'Busbar, all features',
    packages: ['@busbar/core', '@busbar/postgres'],
    eras: both,
    sessions: false,
    database: true,
    bundled: true,
    flags,
  },
  {
    id: 'busbar-everything-traced',
    label: 'Busbar, all features, traced',
    packages: ['@busbar/core', '@busbar/postgres', '@opentelemetry/sdk-trace'],
    eras: both,
    sessions: false,
    database: true,
    bundled: true,
    flags,
  },
  { id: 'tmcp', label: 'tmcp', packages: ['tmcp', '@tmcp/transport-http'], eras: both, sessions: true },
  { id: 'sdk-2-best', label: 'SDK 2.x at its best', packages: ['@modelcontextprotocol/server'], eras: both, sessions: false },
  { id: 'sdk-1', label: 'SDK 1.x', packages: ['@modelcontextprotocol/sdk'], eras: older, sessions: true },
  { id: 'fastmcp', label: 'fastmcp', packages: ['fastmcp'], eras: older, sessions: true },
  { id: 'mcp-nest', label: 'mcp-nest', packages: ['@rekog/mcp-nest'], eras: both, sessions: false },
  { id: 'mcp-framework', label: 'mcp-framework', packages: ['mcp-framework'], eras: older, sessions: true },
  { id: 'mcp-handler', label: 'mcp-handler', packages: ['mcp-handler'], eras: both, sessions: false },
  { id: 'mcp-use', label: 'mcp-use', packages: ['mcp-use'], eras: both, sessions: false },
  { id: 'sdk-2-docs', label: 'SDK 2.x as documented', packages: ['@modelcontextprotocol/server'], eras: both, sessions: false },
];
