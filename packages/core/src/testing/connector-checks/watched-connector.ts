import type { z } from 'zod';
import type { Connector, Services } from '../../connector/connector.ts';
import type { CallContext, Context } from '../../connector/context.ts';
import type { HttpRequest } from '../../connector/http.ts';
import type { State } from '../../connector/state.ts';
import { withMethods } from '../../upstream/with-methods.ts';

/** A record of what a connector did, in order. */
export interface Watch {
  /** The requests that it made with `http`. */
  readonly requested: HttpRequest<z.ZodType>[];
  /** The requests whose answers it reads row by row. */
  readonly streamed: Set<HttpRequest<z.ZodType>>;
  /** The keys that it got from `context.key()`. */
  readonly keys: string[];
  /** How often it wrote to its `state` or woke a job. */
  stateWrites: number;
  /** How often it asked a person. */
  questions: number;
}

/** An empty watch, for {@link watchedConnector} to fill. */
export const createWatch = (): Watch => ({ requested: [], keys: [], stateWrites: 0, streamed: new Set(), questions: 0 });

/** Wraps the connector, so that `watch` records what its client and its tools do. */
export function watchedConnector(connector: Connector, watch: Watch): Connector {
  const watchedContext = <C extends Context>(context: C): C => ({
    ...context,
    key(part: string) {
      const key = context.key(part);
      watch.keys.push(key);
      return key;
    },
  });
  const askingContext = (context: CallContext): CallContext => ({
    ...watchedContext(context),
    ask(message, answer) {
      watch.questions += 1;
      return context.ask(message, answer);
    },
  });
  return {
    ...connector,
    open: (services) => connector.open(watchedServices(services, watch)) as unknown,
    tools: connector.tools.map((tool) => ({
      ...tool,
      run: (input, client, context) => tool.run(input, client, askingContext(context)),
    })),
  };
}

/** Returns the services with every use recorded. */
function watchedServices<Config>(services: Services<Config>, watch: Watch): Services<Config> {
  const { http, state } = services;
  const watchedHttp = withMethods({
    request(request, context) {
      watch.requested.push(request);
      return http.request(request, context);
    },
    rows(request, context) {
      watch.requested.push(request);
      watch.streamed.add(request);
      return http.rows(request, context);
    },
  });
  const watchedState: State = {
    get: (key, schema) => state.get(key, schema),
    set(key, value, version) {
      watch.stateWrites += 1;
      return state.set(key, value, version);
    },
    log(spec) {
      const log = state.log(spec);
      return {
        ...log,
        append(entries) {
          watch.stateWrites += 1;
          return log.append(entries);
        },
      };
    },
  };
  const wake: Services<Config>['wake'] = (job, afterMs) => {
    watch.stateWrites += 1;
    return services.wake(job, afterMs);
  };
  return { ...services, http: watchedHttp, state: watchedState, wake };
}
