import type {LabHost} from './host.js';
import {findMachine} from './machine/processes.js';
import {answersSsh} from './machine/ssh-banner.js';
import {loadLab} from './state.js';

export interface LabStatus {
  readonly name: string;
  readonly subnet: string;
  /** True when every machine runs and answers SSH. */
  readonly isUp: boolean;
  readonly machines: readonly MachineStatus[];
  /** The cluster file. */
  readonly cluster: string;
}

export interface MachineStatus {
  readonly name: string;
  readonly address: string;
  readonly isRunning: boolean;
  readonly answersSsh: boolean;
  /** The host's pid of the machine's process 1. */
  readonly pid: number | undefined;
}

/** @throws Hw5Error when there is no such lab */
export async function labStatus(options: {readonly name?: string | undefined}, host: LabHost): Promise<LabStatus> {
  const lab = await loadLab(host, options.name);
  const machines = await Promise.all(
    lab.machines.map(async (machine): Promise<MachineStatus> => {
      const [found, answers] = await Promise.all([findMachine(lab, machine), answersSsh(machine.address)]);
      return {
        name: machine.name,
        address: machine.address,
        isRunning: found !== undefined,
        answersSsh: answers,
        pid: found?.leader,
      };
    }),
  );
  return {
    name: lab.name,
    subnet: lab.subnet,
    isUp: machines.every((machine) => machine.isRunning && machine.answersSsh),
    machines,
    cluster: lab.files.cluster,
  };
}
