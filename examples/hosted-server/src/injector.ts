// Must come first: tsyringe throws on import without it.
import 'reflect-metadata';
import { container as root, instanceCachingFactory } from 'tsyringe';
import type { Token } from './tokens.ts';

/**
 * A tsyringe container, typed by its tokens. It uses factories only: Node runs these sources directly, and decorators would need a
 * compiler.
 */
export interface Injector {
  /** Returns the value of a token. Throws if none was provided. */
  get<T>(token: Token<T>): T;
  /**
   * Sets how a value is made. It is made once, when it is first requested. A later call replaces an earlier call, so tests can override
   * values.
   */
  provide<T>(token: Token<T>, make: () => T): void;
}

/** Creates an empty injector that is independent of all others. */
export function createInjector(): Injector {
  const container = root.createChildContainer();
  return {
    get: (token) => container.resolve(token),
    provide: (token, make) => void container.register(token, { useFactory: instanceCachingFactory(make) }),
  };
}
