'use strict';
// A reporter of mocha's that writes how each test ended to $SUITE_OUTCOMES. A hook that
// fails ends the tests that it stands before; these are then missing.
const fs = require('fs');
const { Base } = require('mocha').reporters;

module.exports = class Outcomes extends Base {
	constructor(runner, options) {
		super(runner, options);
		const write = (test, outcome) => fs.appendFileSync(process.env.SUITE_OUTCOMES,
			`${test.fullTitle().replace(/\s+/g, ' ')}\t${outcome}\n`);
		runner.on('pass', test => write(test, 'passed'));
		runner.on('fail', test => write(test, 'failed'));
		runner.on('pending', test => write(test, 'skipped'));
		runner.once('end', () => this.epilogue());
	}
};
