import { FolderInUseError } from '@busbar/postgres';
import { ConfigError } from '../settings/config.ts';
import { WorkerStartError } from '../workers/start-workers.ts';

/** Why the server could not start, for the person at the terminal. Faults of its own come with their stack. */
export function startFailure(error: unknown): string {
  if (error instanceof ConfigError || error instanceof FolderInUseError || error instanceof WorkerStartError)
    return error.message.trimEnd();
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${address} is taken. Stop what listens there, or set PORT to another (0 takes any free one).`;
  if (syscall === 'listen')
    return `The server cannot listen on ${address}, port ${port} (${code}). Set HOST and PORT to what this machine has and allows.`;
  const message = error instanceof Error ? error.message : String(error);
  // What @busbar/postgres says of migrations.
  if (message.startsWith('The database ')) return message;
  // Redis may be away at the start, so what could not be connected to is the database. Several addresses are tried together.
  if (code !== undefined && (syscall === 'connect' || syscall === 'getaddrinfo' || error instanceof AggregateError))
    return `The database cannot be reached (${code}). Start it, or set DATABASE_URL to where it is.`;
  if (message === 'timeout expired' || message === 'Connection terminated due to connection timeout')
    return 'The database does not answer. Look after it, or set DATABASE_URL to where it is.';
  // Only answers of PostgreSQL have a severity.
  if (error instanceof Error && 'severity' in error) return `The database refuses: ${message}. Correct DATABASE_URL, or the database.`;
  return `The server could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
