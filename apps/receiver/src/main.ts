#!/usr/bin/env node
import { build } from './version.ts';

process.stdout.write(`${build.version}\n`);
