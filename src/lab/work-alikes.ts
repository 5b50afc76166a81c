import {calicoPreinstalled} from './calico/install.js';
import {mesosInstall} from './mesos/install.js';
import type {Preinstalled} from './preinstalled.js';

/** Joins what several parts want in every machine. */
export function joinPreinstalled(parts: readonly Preinstalled[]): Preinstalled {
  return {
    packages: parts.flatMap((part) => part.packages),
    files: parts.flatMap((part) => part.files),
    enable: parts.flatMap((part) => part.enable),
  };
}

/** What the lab's machines bring along, as the administrators of real servers would have installed it. */
export const WORK_ALIKES: Preinstalled = joinPreinstalled([calicoPreinstalled, mesosInstall]);
