import {existsSync, mkdirSync, readdirSync, readlinkSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {readJsonFile, replaceLink, writeJsonFile} from '../common/durable-files.js';
import type {AgentInfo, Resource} from '../common/wire.js';
import type {TaskRecord} from './task-record.js';

/** The checkpointed identity of the agent. Its id is in `info`. */
export interface AgentRecord {
  readonly info: AgentInfo;
  /** Including dynamic reservations. */
  readonly total: readonly Resource[];
}

/**
 * The checkpoints in WORK_DIR/meta/slaves/<agent id>/, where the link `latest` points to the current agent, as in upstream Mesos. An operator
 * removes `latest` to make the agent register as a new one.
 */
export class Store {
  readonly #slaves: string;

  constructor(workDir: string) {
    this.#slaves = join(workDir, 'meta', 'slaves');
    mkdirSync(this.#slaves, {recursive: true});
  }

  /** The path of the link that an operator removes. */
  get latest(): string {
    return join(this.#slaves, 'latest');
  }

  load(): AgentRecord | undefined {
    return readJsonFile<AgentRecord>(join(this.latest, 'agent.json'));
  }

  save(record: AgentRecord): void {
    const id = record.info.id!.value;
    writeJsonFile(join(this.#slaves, id, 'agent.json'), record);
    if (this.#latestId() === id) return;
    replaceLink(this.latest, id);
  }

  /** Makes the next start that of a new agent. */
  forget(): void {
    rmSync(this.latest, {force: true});
  }

  loadTasks(): TaskRecord[] {
    const directory = join(this.latest, 'tasks');
    if (!existsSync(directory)) return [];
    const names = readdirSync(directory).filter((name) => name.endsWith('.json'));
    return names.map((name) => readJsonFile<TaskRecord>(join(directory, name))!);
  }

  saveTask(record: TaskRecord): void {
    writeJsonFile(this.#taskPath(record), record);
  }

  removeTask(record: TaskRecord): void {
    rmSync(this.#taskPath(record), {force: true});
  }

  #taskPath(record: TaskRecord): string {
    return join(this.latest, 'tasks', `${record.containerId}.json`);
  }

  #latestId(): string | undefined {
    try {
      return readlinkSync(this.latest);
    } catch {
      return undefined;
    }
  }
}
