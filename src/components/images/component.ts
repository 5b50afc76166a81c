import type {Component} from '../component.js';
import {build} from './build.js';
import {distribute} from './distribute.js';

/** The images of the tasks. */
export const images: readonly Component[] = [build, distribute];
