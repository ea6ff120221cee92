import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Manifest {
  readonly name: string;
  readonly version: string;
}

/** Starts a registry on this machine that serves the packages in `tarballs` and redirects requests for others to `upstream`. */
export async function startRegistry(tarballs: readonly string[], upstream: string) {
  const packages = tarballs.map((file) => {
    const manifest = JSON.parse(execFileSync('tar', ['-xzOf', file, 'package/package.json'], { encoding: 'utf8' })) as Manifest;
    return { manifest, bytes: readFileSync(file), path: `/tarballs/${encodeURIComponent(manifest.name)}` };
  });

  const server = createServer(({ method, url = '/' }, response) => {
    const found = packages.find(({ path, manifest: { name } }) => url === path || decodeURIComponent(url) === `/${name}`);
    if (!found) {
      // Requests other than reads, such as an audit, are not passed on.
      if (method !== 'GET') return response.writeHead(404).end();
      return response.writeHead(302, { location: new URL(url.slice(1), upstream).href }).end();
    }
    const { manifest, bytes, path } = found;
    if (url === path) return response.end(bytes);
    const dist = { tarball: `${origin}${path}`, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}` };
    const { name, version } = manifest;
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url: `${origin}/`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
