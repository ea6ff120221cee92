export { callTool, type CallToolOptions } from './call-tool.ts';
export { manualClock, type ManualClock } from './manual-clock.ts';
export {
  startSimulator,
  type Misbehaviour,
  type Simulator,
  type SimulatorAnswer,
  type SimulatorHandler,
  type SimulatorMatch,
  type SimulatorOptions,
  type SimulatorRequest,
} from './simulator.ts';
