import type {Component} from '../component.js';
import {directories} from './directories.js';
import {kernel} from './kernel.js';
import {packages} from './packages.js';
import {preflight} from './preflight.js';

/**
 * The components, preceded by the preparation of every host for them: preflight checks that their ports are free, and their Debian packages
 * are installed.
 */
export function withHost(components: readonly Component[]): readonly Component[] {
  return [preflight(components), directories, kernel, packages(components), ...components];
}
