import {runProgram} from './program.js';

runProgram('v1.6.5');
