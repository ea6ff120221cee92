// mcp-framework wants zod 3 from whoever installs it, and would be given the zod 4 of all others.
module.exports.hooks = {
  readPackage(manifest) {
    if (manifest.name === 'mcp-framework') {
      delete manifest.peerDependencies.zod;
      manifest.dependencies.zod = '3.25.76';
    }
    return manifest;
  },
};
