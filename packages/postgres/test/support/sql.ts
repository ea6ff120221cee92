/** For tests outside this package, which cannot import Kysely themselves. */
export { sql } from 'kysely';
