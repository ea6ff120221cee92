#!/usr/bin/env node
import { runProgram } from './run-program.ts';

const { status, text } = await runProgram(process.argv.slice(2), process.cwd());
if (status === 0) console.log(text);
else console.error(text);
process.exitCode = status;
