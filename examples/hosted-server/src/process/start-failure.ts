import { FolderAccessError, FolderInUseError } from '@busbar/postgres';
import { ConfigError } from '../settings/config.ts';
import { WorkerStartError } from '../workers/start-workers.ts';

/** Explains to the person at the terminal why the server could not start. Unexpected errors include their stack. */
export function startFailure(error: unknown): string {
  const told = [ConfigError, FolderInUseError, FolderAccessError, WorkerStartError];
  if (error instanceof Error && told.some((type) => error instanceof type)) return error.message.trimEnd();
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${address} is in use. Stop the program that listens there, or set PORT to another port (0 takes any free port).`;
  if (syscall === 'listen')
    return `The server cannot listen on ${address}, port ${port} (${code}). Set HOST to an address of this machine and PORT to a port it allows.`;
  const message = error instanceof Error ? error.message : String(error);
  // @busbar/postgres rejects with these sentences when a migration fails or a newer version has written the database.
  if (message.startsWith('The database ')) return message;
  // A Redis that is down does not fail the start, so this is the database. An AggregateError lists several addresses of one host.
  if (code !== undefined && (syscall === 'connect' || syscall === 'getaddrinfo' || error instanceof AggregateError))
    return `The database cannot be reached (${code}). Start it, or correct DATABASE_URL.`;
  if (message === 'timeout expired' || message === 'Connection terminated due to connection timeout')
    return 'The database does not answer. Check it, or correct DATABASE_URL.';
  // Only errors from PostgreSQL have a severity.
  if (error instanceof Error && 'severity' in error) return `The database refused: ${message}. Correct DATABASE_URL or the database.`;
  return `The server could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
