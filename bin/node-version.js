'use strict';

/**
 * Whether a Node.js release is older than what package.json's `engines.node` requires.
 * @param {string} version such as `20.19.2`
 * @param {string} range such as `>=20.19`
 * @returns {boolean}
 */
exports.isTooOld = (version, range) => {
  const actual = numbersOf(version);
  const required = numbersOf(range);
  for (let index = 0; index < required.length; index++) {
    if (actual[index] !== required[index]) return actual[index] < required[index];
  }
  return false;
};

/**
 * One line for a user whose Node.js release is too old.
 * @param {string} version
 * @param {string} range
 * @returns {string}
 */
exports.tooOldMessage = (version, range) =>
  `hw5 needs Node.js ${numbersOf(range).join('.')} or newer; this is ${version}. See https://nodejs.org/en/download`;

/** @param {string} text */
function numbersOf(text) {
  return text.split(/\D+/).filter(Boolean).map(Number);
}
