import {runProgram} from './program.js';

runProgram('v1.2.0');
