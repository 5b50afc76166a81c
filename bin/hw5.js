#!/usr/bin/env node
// CommonJS in a syntax that Node.js 12 can parse: an older release prints the error below, not a syntax error.
'use strict';

const {engines} = require('../package.json');
const {isTooOld, tooOldMessage} = require('./node-version.js');

if (isTooOld(process.versions.node, engines.node)) {
  console.error(tooOldMessage(process.versions.node, engines.node));
  process.exitCode = 2;
} else {
  void import('../dist/cli/main.js');
}
