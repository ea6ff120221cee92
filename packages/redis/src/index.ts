export { openRedis, type Redis, type RedisOptions } from './open-redis.ts';
export { redisBudget, type RedisBudgetOptions } from './redis-budget.ts';
export { redisCache, type RedisCacheOptions } from './redis-cache.ts';
export { redisLock } from './redis-lock.ts';
export { redisRateLimit, type RedisRateLimitOptions } from './redis-rate-limit.ts';
