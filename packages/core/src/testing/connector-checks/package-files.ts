import { readFile, readdir } from 'node:fs/promises';

/** Returns the URL of a file in a package. The folder's URL may lack the trailing slash. */
export function fileOf(folder: URL | undefined, path: string): URL {
  if (!folder) throw new TypeError('The fixture names no folder');
  return new URL(path, folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`));
}

/** Reads the sources of a package, by their path in `src`: TypeScript and JavaScript, at most 1,000 files. */
export async function sourcesOf(folder: URL | undefined): Promise<ReadonlyMap<string, string>> {
  const src = fileOf(folder, 'src/');
  const names = (await readdir(src, { recursive: true })).filter((name) => /\.[cm]?[jt]s$/.test(name)).slice(0, 1_000);
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, src), 'utf8')] as const)));
}
