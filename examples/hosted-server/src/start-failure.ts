import { FolderInUseError } from '@busbar/postgres';
import { ConfigError } from './config.ts';

/** Why the server could not start, for the person at the terminal. Faults of its own come with their stack. */
export function startFailure(error: unknown): string {
  if (error instanceof ConfigError || error instanceof FolderInUseError) return error.message.trimEnd();
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code === 'EADDRINUSE')
    return `Port ${port} of ${address} is taken. Stop what listens there, or set PORT to another (0 takes any free one).`;
  if (syscall === 'listen')
    return `The server cannot listen on ${address}, port ${port} (${code}). Set HOST and PORT to what this machine has and allows.`;
  return `The server could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
