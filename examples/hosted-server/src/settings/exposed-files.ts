import { statSync } from 'node:fs';
import type { Config } from './config.ts';

const othersMayRead = 0o004;
const othersMayWrite = 0o002;

type FileSettings = Pick<Config, 'BUSBAR_CONNECTIONS' | 'BUSBAR_QUOTAS' | 'BUSBAR_PRICES'>;

/**
 * Returns a warning for each file of the settings that other users of the machine can write to, and for the connections file, which has
 * secrets, if they can read it. Only warnings, because files that an orchestrator mounts often look like that and no one else is there to
 * read them. None on Windows, whose files have no such rights.
 */
export function exposedFiles(config: FileSettings, platform = process.platform): readonly string[] {
  if (platform === 'win32') return [];
  return (['BUSBAR_CONNECTIONS', 'BUSBAR_QUOTAS', 'BUSBAR_PRICES'] as const).flatMap((name) => {
    const path = config[name];
    const mode = (path === undefined ? undefined : statSync(path, { throwIfNoEntry: false }))?.mode ?? 0;
    if ((mode & othersMayWrite) !== 0) return [`Every user of this machine can change the file of ${name}. Run: chmod o-w ${path}`];
    return name === 'BUSBAR_CONNECTIONS' && (mode & othersMayRead) !== 0
      ? [`Every user of this machine can read the secrets in the file of ${name}. Run: chmod o-r ${path}`]
      : [];
  });
}
