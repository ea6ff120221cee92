export { acmeConnector } from './acme.ts';
