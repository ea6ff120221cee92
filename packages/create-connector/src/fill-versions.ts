interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * Replaces `catalog:` and `workspace:` in a new connector's package.json with versions from this package's own manifest. This package
 * depends on the same libraries as the template, and packing it writes the workspace's versions into its manifest.
 *
 * @throws {Error} for a library that this package does not depend on.
 */
export function fillVersions(template: string, own: string): string {
  const manifest = JSON.parse(template) as Manifest;
  const { dependencies, devDependencies } = JSON.parse(own) as Manifest;
  const versions = new Map(Object.entries({ ...dependencies, ...devDependencies }));
  const fill = (ranges: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(ranges).map(([name, range]) => {
        if (!/^(?:catalog|workspace):/.test(range)) return [name, range];
        const version = versions.get(name);
        if (version === undefined) throw new Error(`The template needs ${name}, but this package’s manifest does not give its version.`);
        return [name, version];
      }),
    );
  const { peerDependencies } = manifest;
  const complete = { ...manifest, devDependencies: fill(manifest.devDependencies), peerDependencies: fill(peerDependencies) };
  return `${JSON.stringify(complete, undefined, 2)}\n`;
}
