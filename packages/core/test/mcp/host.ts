export { createHost } from './fake-host.ts';
