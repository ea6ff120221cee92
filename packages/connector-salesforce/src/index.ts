export { salesforce } from './salesforce.ts';
