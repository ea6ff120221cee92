/**
 * Loads a part of core that needs the MCP SDK. The SDK is an optional peer dependency, so that plugin authors do not install a server.
 *
 * @throws {Error} naming the package to install, if the SDK is missing.
 */
export async function loadSdk<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (!(cause instanceof Error && cause.message.includes('@modelcontextprotocol/server'))) throw cause;
    throw new Error('Serving MCP needs the MCP SDK, an optional peer of @busbar/core: npm install @modelcontextprotocol/server', { cause });
  }
}
