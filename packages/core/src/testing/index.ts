export { answerText } from './answer-text.ts';
export { callTool, type CallToolOptions } from './call-tool.ts';
export { connectorChecks, type ConnectorCheck } from './connector-checks/connector-checks.ts';
export type { ConnectorFixture, ConnectorSandbox, SandboxAccount } from './connector-checks/fixture.ts';
export { testConnector } from './connector-checks/test-connector.ts';
export { manualClock, type ManualClock } from './manual-clock.ts';
export {
  openSandbox,
  type CallExtras,
  type OpenedSandbox,
  type OpenSandboxOptions,
  type SandboxDelivery,
  type ToolCall,
} from './sandbox/open-sandbox.ts';
export {
  startSimulator,
  type HandlerAnswer,
  type Misbehaviour,
  type Simulator,
  type SimulatorAnswer,
  type SimulatorHandler,
  type SimulatorMatch,
  type SimulatorOptions,
  type SimulatorRequest,
} from './sandbox/simulator.ts';
export type { OpenedStore, StoreCheck } from './store-check.ts';
export { meteringChecks } from './store-checks/metering-checks.ts';
export { stateChecks } from './store-checks/state-checks.ts';
export type { StateCheckLimits } from './store-checks/state-guarantee.ts';
export { budgetChecks, type BudgetCheckSettings } from './store-checks/budget-checks.ts';
export { cacheChecks } from './store-checks/cache-checks.ts';
export { connectionsChecks } from './store-checks/connections-checks.ts';
export { lockChecks } from './store-checks/lock-checks.ts';
export { rateLimitChecks } from './store-checks/rate-limit-checks.ts';
export { vendorClock, type VendorClock } from './sandbox/vendor-clock.ts';
export { VendorError } from './sandbox/vendor-error.ts';
export { lostAnswerChecks, type LostAnswerFixture, type VendorWrite } from './vendor-checks/lost-answer-checks.ts';
export { requestChecks, type RequestFixture, type RequestTraffic } from './vendor-checks/request-checks.ts';
export {
  createRequestJudge,
  type AddedParameter,
  type DescriptionAddition,
  type DescriptionGaps,
  type JudgedRequest,
  type RequestJudge,
  type RequestVerdict,
} from './vendor-checks/request-judge.ts';
export type { UndescribedOperation } from './vendor-checks/undescribed-operations.ts';
