import {readJsonFile, writeJsonFile} from '../common/durable-files.js';
import type {AgentInfo} from '../common/wire.js';
import type {MasterState} from './state.js';

/** The registry that survives a restart of the master with --registry=replicated_log. It contains agents only, no frameworks. */
export interface RegistryFile {
  readonly agents: readonly AgentInfo[];
  readonly unreachable: readonly (readonly [string, number])[];
  readonly gone: readonly (readonly [string, number])[];
}

/** Initializes the state of a new master from the registry of the previous one. */
export function recoverRegistry(state: MasterState, path: string, reregisterBefore: number): void {
  const file = readJsonFile<RegistryFile>(path);
  for (const info of file?.agents ?? [])
    state.recovered.set(info.id!.value, {info, attributes: info.attributes, until: reregisterBefore});
  for (const [id, since] of file?.unreachable ?? []) state.unreachable.set(id, since);
  for (const [id, since] of file?.gone ?? []) state.gone.set(id, since);
}

export function saveRegistry(state: MasterState, path: string): void {
  const agents = [...state.agents.values(), ...state.recovered.values()].map((agent) => agent.info);
  const file: RegistryFile = {agents, unreachable: [...state.unreachable], gone: [...state.gone]};
  writeJsonFile(path, file);
}
