// First: tsyringe throws on import without it.
import 'reflect-metadata';
import { container as root, instanceCachingFactory } from 'tsyringe';
import type { Token } from './tokens.ts';

/** A tsyringe container, typed by its tokens. Factories alone: Node runs these sources as they are, and decorators need a compiler. */
export interface Injector {
  /** Throws where nobody said how it is made. */
  get<T>(token: Token<T>): T;
  /** Says how something is made, once, when it is first asked for. The last word on a token counts, so a test may have it. */
  provide<T>(token: Token<T>, make: () => T): void;
}

/** Makes an empty one, which shares nothing with any other. */
export function createInjector(): Injector {
  const container = root.createChildContainer();
  return {
    get: (token) => container.resolve(token),
    provide: (token, make) => void container.register(token, { useFactory: instanceCachingFactory(make) }),
  };
}
